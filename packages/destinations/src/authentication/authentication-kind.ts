/** The properties of a destination: an open map of texts, in the order they were given. */
export type Properties = ReadonlyMap<string, string>

/** A token ready to be sent (destination-service.md section 3.3). There is never an `error: null`. */
export interface AuthToken {
  readonly type: string
  readonly value: string
  readonly http_header: { readonly key: string; readonly value: string }
}

/** One value of `Authentication`: what it demands and what Find adds for it. */
export interface AuthenticationKind {
  readonly authentication: string
  /** Everything that is wrong with the properties this kind needs; empty if usable. */
  check(properties: Properties): string[]
  /** Tokens for `authTokens`, or nothing if this kind has none. */
  authTokens(properties: Properties): readonly AuthToken[] | undefined
  /** Name of the keystore that Find adds to `certificates`, or nothing (section 3.4). */
  keystore(properties: Properties): string | undefined
}
