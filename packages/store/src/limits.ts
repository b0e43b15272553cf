/** Every bound of the store, with its reason. */
export const storeLimits = {
  /**
   * How long SQLite waits for another process that holds the file. It blocks the event loop, and
   * the home lock already keeps a second server out, so this only bridges a backup tool's moment.
   */
  busyTimeoutMs: 2_000,
  /**
   * How long a write waits for the writes before it. A transaction takes about a millisecond; one
   * that lasts this long waits for something it must not wait for, and callers had better know.
   */
  writeWaitMs: 10_000,
  /** Waiting writes; beyond this the server is drowning and says so instead of hoarding memory. */
  writesWaitingMax: 10_000,
  /** Prepared statements kept per connection: more than the distinct statements of all services. */
  statementsMax: 500,
  /** The write-ahead log is cut back to this after a burst, so that it does not keep the disk. */
  walBytesMax: 64 * 1024 * 1024,
  /** Largest value sealed in one piece: far above any keystore or applied document. */
  sealedBytesMax: 8 * 1024 * 1024,
  /**
   * A data key older than this is replaced at the next start. Nonces are random, so one key must
   * stay far below 2^32 values (NIST SP 800-38D section 8.3): 90 days allow 500 a second.
   */
  dataKeyAgeMaxMs: 90 * 86_400_000,
  /** A sealed file: the documents of a hundred thousand tenants, and few enough to read at once. */
  sealedFileBytesMax: 384 * 1024 * 1024,
  /** A secret in a file is one short line; anything longer is another file. */
  secretFileBytesMax: 4096,
  /** Connections of one process to PostgreSQL: one writes, the others read; a server has 100. */
  connectionsMax: 10,
  /** A database that does not even accept a connection in this time counts as away. */
  connectTimeoutMs: 3_000,
  /**
   * A database that owes an answer and sends no byte for this long counts as away: a statement of
   * ours takes milliseconds. With the limit above, callers wait less than ten seconds to be told.
   */
  silenceMs: 6_000,
  /** After silence nobody waits for it again at once: callers are refused for so long. */
  silencePauseMs: 1_000,
  /** Steps that change the schema work on whole tables without a word. */
  schemaSilenceMs: 35_000,
  /** How long a write waits for one of another process; below `silenceMs`, to know which it was. */
  lockWaitMs: 5_000,
  /** A connection on which nothing is asked, that for notices of change, is asked this often. */
  heartbeatMs: 5_000,
  /** A server that does not take leave in this time is left. */
  goodbyeMs: 1_000,
  /** An idle connection is given back to the server after this. */
  connectionIdleMs: 30_000,
  /** Longest statement: a listing of a hundred thousand documents takes some seconds. */
  statementTimeoutMs: 30_000,
  /** Longest pause within a transaction, whose process is gone: it holds all writers up. */
  transactionPauseMs: 10_000,
  /** A change that other processes came in between of is made again this often, then refused. */
  conflictRetriesMax: 5,
  /** How often a start waits `lockWaitMs` for the migration of another process: a minute. */
  migrationWaitsMax: 12,
  /** Rows copied at a time: of the largest documents, still few enough to hold in memory. */
  copyRows: 100,
  /** First and longest pause before a lost connection is tried again. */
  reconnectMinMs: 100,
  reconnectMaxMs: 5_000,
  /** How often SQLite, which has no notifications, is asked for news: a read of one small table. */
  changePollMs: 500,
  /** Should a notification ever get lost, PostgreSQL is asked this often all the same. */
  changeRecheckMs: 30_000,
  /** Pause before news that could not be read is asked for again. */
  changeRetryMs: 2_000,
  /**
   * A new data key seals nothing for so long where several processes share a database, so that
   * each of them has it before it meets a value sealed with it.
   */
  dataKeySettleMs: 60_000,
  /** How long a refused starter looks for the pid of a holder that is only just starting. */
  holderWaitMs: 500,
} as const
