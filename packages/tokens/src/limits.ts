/** Limits of the token endpoint and of bindings, each with its reason. */
export const tokenLimits = {
  /** A form holds an id, a secret and a few words; anything longer is not a token request. */
  formBytesMax: 16 * 1024,
  /** More parameters than any grant of token-service.md section 3 has. */
  parametersMax: 32,
  /** Ours have 66 and 43 characters; longer ones need not be hashed to be wrong. */
  clientIdCharactersMax: 256,
  clientSecretCharactersMax: 512,
  /** Ours have about 1200 characters; a longer bearer token is not parsed at all. */
  accessTokenCharactersMax: 8 * 1024,
  /** 12 h less one second: above 420 and below 2147483, or the router calls in a loop (section 3). */
  accessTokenSeconds: 43_199,
  /**
   * How often strangers can make us read the signing keys, each of which is unsealed; a key that
   * another process made is known after as long. Keys change by hand, or never.
   */
  keyReloadMs: 1000,
  /** Keys that are read: rotation needs two. */
  keysMax: 100,
  /** A binding request is a name and a word. */
  bindingBytesMax: 4 * 1024,
  /** Far more applications than one subaccount has; keeps a script from filling the disk. */
  bindingsPerSubaccountMax: 1000,
} as const

/** A token bucket: `burst` at once, then one more every `1 / perSecond` seconds. */
export interface Rate {
  readonly burst: number
  readonly perSecond: number
}

/**
 * Rates of the token endpoint. A token costs a signature, so they are limited for each client that
 * has proven its secret. Wrong secrets are limited per address, and per client at an address; they
 * are counted after the secret was compared, so that a right one is never refused for the failures
 * of others, who may share its address: on one machine everybody does.
 */
export const tokenRates = {
  tokensPerClient: { burst: 200, perSecond: 50 },
  failuresPerClient: { burst: 10, perSecond: 1 / 6 },
  failuresPerAddress: { burst: 50, perSecond: 1 },
  /** Entries of each table; at the limit the least recently used is forgotten. About 1 MiB each. */
  keysMax: 10_000,
} as const satisfies Record<string, Rate | number>
