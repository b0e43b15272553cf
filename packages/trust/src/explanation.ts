import type { SubaccountId } from '@twinlatch/kit'
import type { DecisionCode, Stage } from './decision.ts'

/**
 * Enough to answer "why" without reproducing the call (console-and-cli.md section 3). Made for
 * every refused connection, every refused request and every allowed one. It is the operator's
 * view: callers learn the status, a class and the id, never this.
 */
export interface Explanation {
  /** Request id (`x-request-id`); a refused connection gets one of the same form. */
  readonly id: string
  /** Request id the caller came with, which joins the records of one chain of calls. */
  readonly parentId: string | null
  readonly time: string
  readonly subaccount: string | null
  readonly listener: 'gateway' | 'control'
  readonly outcome: 'allowed' | 'denied'
  readonly stage: Stage
  readonly code: DecisionCode | null
  /** HTTP status answered, or `null` when the connection was closed before HTTP. */
  readonly status: number | null
  readonly summary: string
  readonly connection: ExplainedConnection
  readonly certificate: ExplainedCertificate | null
  readonly request: ExplainedRequest | null
  readonly steps: readonly ExplainedStep[]
  readonly policies: readonly ExplainedPolicy[]
  readonly hints: readonly Hint[]
}

export interface ExplainedConnection {
  /** `address:port`, captured at accept. */
  readonly peer: string
  readonly sni: string | null
  readonly alpn: string | null
  readonly protocol: string | null
  readonly cipher: string | null
  readonly resumed: boolean
}

export interface ExplainedCertificate {
  /** RFC 2253 text as in gateway.md section 8.1. */
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly sha256: string
  readonly notBefore: string
  readonly notAfter: string
  /** `null` when the certificate has no extendedKeyUsage. */
  readonly eku: readonly string[] | null
  /** Subjects of what the peer sent above the leaf. */
  readonly chain: readonly string[]
  readonly verified: boolean
  readonly verifyError: string | null
}

export interface ExplainedRequest {
  readonly method: string
  /** As the client sent it, port included. */
  readonly host: string
  /** Without the query, which may hold a token. */
  readonly path: string
  readonly route: string | null
}

export interface ExplainedStep {
  readonly stage: Stage
  readonly result: 'pass' | 'fail' | 'skip'
  readonly detail: string
}

export interface ExplainedPolicy {
  readonly name: string
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT'
  readonly point: 'gateway' | 'workload'
  readonly rule: number
  readonly matched: boolean
  readonly nearMiss: NearMiss | null
}

/** The one clause that kept a rule from matching, when only one did. */
export interface NearMiss {
  readonly clause: string
  readonly key: string
  readonly wanted: string
  readonly got: string | null
  readonly difference: string
}

/** What to do next, with the command that does it where there is one. */
export interface Hint {
  readonly text: string
  readonly command: string | null
}

/**
 * Where explanations go. `render` is called at most once and later, so that an allowed request
 * costs no more than a closure on the hot path.
 */
export interface ExplanationSink {
  record(entry: {
    readonly id: string
    readonly time: Date
    readonly subaccountId: SubaccountId | null
    readonly outcome: 'allowed' | 'denied'
    render(): Explanation
  }): void
}
