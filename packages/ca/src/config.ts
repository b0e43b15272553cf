/**
 * Bounds of the authority, each with its reason. They are arguments of `openCertificateAuthority`,
 * so that a larger installation can widen them.
 */
export interface CaLimits {
  /** Certificates a subaccount may be issued in a calendar year (UTC), as in the service users come from. */
  readonly quotaPerYear: number
  /** Key generation per caller, in units of one RSA-2048 key: how many at once, and how many a second after. */
  readonly keyBurst: number
  readonly keysPerSecond: number
  /** RSA keys made at the same time. Half of Node's thread pool, so that files and DNS go on. */
  readonly generationsAtOnce: number
  /** Orders that wait for a key; at one second each, later ones would outlast their client. */
  readonly generationsWaiting: number
  /** RSA-2048 keys kept ready. Each is used once and lives in memory only. */
  readonly keysReady: number
}

/** What an installation gets that configures nothing (pki.md sections 1, 8 and 10). */
export const defaultLimits: CaLimits = {
  quotaPerYear: 500,
  keyBurst: 60,
  keysPerSecond: 1,
  generationsAtOnce: 2,
  generationsWaiting: 64,
  keysReady: 2,
}
