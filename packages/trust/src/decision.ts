/** Stages of a decision, in the order in which a request passes them (console-and-cli.md section 3). */
export const stages = [
  'accept',
  'sni',
  'handshake',
  'chain',
  'purpose',
  'validity',
  'revocation',
  'route',
  'policy',
  'token',
  'destination',
  'upstream',
  'response',
] as const

export type Stage = (typeof stages)[number]

/**
 * Every reason for a refusal and the stage it belongs to. The names are public API: users search
 * for them; one may be added, none is ever renamed (console-and-cli.md section 3).
 */
export const stageOfCode = {
  ACC_LIMIT: 'accept',
  ACC_DRAINING: 'accept',
  SNI_MISSING: 'sni',
  SNI_UNKNOWN_HOST: 'sni',
  SNI_HOST_MISMATCH: 'sni',
  TLS_NO_CLIENT_CERT: 'handshake',
  TLS_PROTOCOL_VERSION: 'handshake',
  TLS_NO_SHARED_CIPHER: 'handshake',
  TLS_NOT_TLS: 'handshake',
  TLS_TIMEOUT: 'handshake',
  TLS_BAD_SIGNATURE: 'handshake',
  CHN_UNKNOWN_AUTHORITY: 'chain',
  CHN_INTERMEDIATE_MISSING: 'chain',
  CHN_SELF_SIGNED: 'chain',
  CHN_TOO_LONG: 'chain',
  CHN_BAD_CONSTRAINTS: 'chain',
  CHN_NOT_PINNED: 'chain',
  EKU_NOT_CLIENT_AUTH: 'purpose',
  EKU_NOT_SERVER_AUTH: 'purpose',
  VAL_EXPIRED: 'validity',
  VAL_NOT_YET: 'validity',
  VAL_ISSUER_EXPIRED: 'validity',
  REV_REVOKED: 'revocation',
  REV_LIST_STALE: 'revocation',
  REV_LIST_MISSING: 'revocation',
  RTE_NO_HOST: 'route',
  RTE_NO_PATH: 'route',
  RTE_METHOD: 'route',
  POL_DENY_MATCHED: 'policy',
  POL_NO_ALLOW_MATCHED: 'policy',
  POL_ERROR: 'policy',
  TOK_MISSING: 'token',
  TOK_EXPIRED: 'token',
  TOK_AUDIENCE: 'token',
  TOK_SCOPE: 'token',
  TOK_BOUND_TO_OTHER_CERT: 'token',
  DST_NOT_FOUND: 'destination',
  DST_KEYSTORE_MISSING: 'destination',
  DST_KEYSTORE_PASSWORD: 'destination',
  DST_KEYSTORE_FORMAT: 'destination',
  DST_OTHER_SUBACCOUNT: 'destination',
  UPS_REFUSED: 'upstream',
  UPS_TIMEOUT: 'upstream',
  UPS_TLS_UNTRUSTED: 'upstream',
  UPS_TLS_NAME: 'upstream',
  UPS_WANTED_CLIENT_CERT: 'upstream',
  UPS_RESET: 'upstream',
} as const satisfies Record<string, Stage>

export type DecisionCode = keyof typeof stageOfCode

/** Why somebody was refused: the code and one plain sentence that names the facts. */
export interface Refusal {
  readonly code: DecisionCode
  readonly summary: string
}
