const mebibyte = 1024 * 1024

/** Limits of this service, each with its reason. */
export const destinationLimits = {
  /** Fits `Name in (…)` with some 100 names; longer lists are paged (section 6). */
  uriCharactersMax: 4000,
  /** A bulk call with some hundred destinations. */
  destinationBodyBytesMax: 1 * mebibyte,
  /** Five keystores of the largest size in base64; what is larger is uploaded in two calls. */
  certificateBodyBytesMax: 8 * mebibyte,
  /** pki.md section 4.4: no real keystore comes near, and it is parsed in memory. */
  certificateFileBytesMax: 1 * mebibyte,
  /**
   * Keystores opened for their public keys. Each may cost seconds of derivation (pki.md section
   * 4.4), which whoever uploaded it chose; those in line behind them are what clients wait for.
   */
  keystoresReadAtOnce: { running: 2, waiting: 16 },
  /** Entries of one bulk call: one transaction, which others wait for. */
  bulkEntriesMax: 200,
  /** More than any authentication type has, user-defined ones included. */
  propertiesMax: 200,
  propertyNameCharactersMax: 200,
  /** A key set in `x_user_token.jwks` is the longest value in use. */
  propertyValueCharactersMax: 32 * 1024,
  /**
   * Items of a level, and their bytes as they are stored (certificates in base64): a list answers
   * all of them, and clients read some 32 MiB in one answer.
   */
  destinationsPerLevelMax: 2000,
  destinationBytesPerLevelMax: 16 * mebibyte,
  certificatesPerLevelMax: 500,
  certificateBytesPerLevelMax: 16 * mebibyte,
  /**
   * Items of a list that are opened and held at a time, for each client that reads one: a usual
   * level is one part, and a full one costs 64 transactions of audit rows rather than 500.
   */
  listPartBytes: 256 * 1024,
  /** Lists of more than one part that are read at a time: some MiB each while one is under way. */
  longListsAtOnce: 64,
  /** A reader that takes nothing for as long has gone, or keeps others from reading. */
  listStallMs: 60_000,
} as const
