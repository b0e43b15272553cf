/** Every bound of the control service, with its reason. */
export const controlLimits = {
  /** Records kept per outcome (console-and-cli.md section 3): allowed ones never evict a refusal. */
  explanationsMax: 10_000,
  /** Answer of one listing of explanations: what a person pages through. */
  explanationsListedMax: 1_000,
  /** How far apart the records of one chain of calls may lie: longer than any request lives. */
  relatedWindowMs: 120_000,
  /** Records looked at for one chain; each may have to be rendered. */
  relatedScannedMax: 2_000,
  /** Records shown of one chain. */
  relatedMax: 50,
  /** Answer of one listing of the audit log. */
  auditListedMax: 1_000,
  /** Rows checked at a time, so that a long log needs little memory. */
  auditCheckedRows: 1_000,
  /** Old rows removed in one transaction, which writers wait for: some tens of milliseconds. */
  auditPrunedRows: 2_000,
  /** How often old rows are looked for: a day's retention is kept within an hour. */
  auditPruneEveryMs: 3_600_000,
  /** What an audit row says of its documents: readable, and never as large as they are. */
  auditDetailCharacters: 2_000,
  /** Tenants of one installation (performance.md measures with as many). */
  subaccountsMax: 100_000,
  /** One applied document: Kubernetes stores no larger ones. */
  documentBytesMax: 1024 * 1024,
  /** Documents of one subaccount: every apply plans all of them. */
  documentsMax: 20_000,
  /**
   * Sealed bodies of documents that are kept opened, all subaccounts together: a very large
   * installation has 10 MB. What is beyond is opened anew for every change.
   */
  openedCharactersMax: 256 * 1024 * 1024,
  /** Bodies asked for in one question: SQLite and PostgreSQL take some ten thousand parameters. */
  bodiesRead: 500,
  /** Files of one call: a repository of manifests, not a disk. */
  filesMax: 1_000,
  fileNameCharactersMax: 1_000,
  /** Body of apply and delete: some thousand documents, and few enough bytes to hold twice. */
  applyBodyBytesMax: 8 * 1024 * 1024,
  /** Pause before a change is told again to whoever could not take it over: the store was away. */
  takeOverPauseMs: 1_000,
  /** Every other body is a handful of fields. */
  bodyBytesMax: 64 * 1024,
} as const
