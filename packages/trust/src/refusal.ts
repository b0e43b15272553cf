import { describeDuration } from '@twinlatch/kit'
import {
  type Certificate,
  type ChainResult,
  formatName,
  type RevocationList,
  verifyChain,
} from '@twinlatch/pki'
import { controlCharacterPlace } from './control-characters.ts'
import type { DecisionCode, Refusal } from './decision.ts'
import type { PeerIdentity } from './identity.ts'
import { codeOfFault, codeOfVerifyError } from './refusal-codes.ts'
import { type Pins, pinMismatch } from './spki-pin.ts'
import type { VerifiedChains } from './verified-chains.ts'

/** Everything that decides whether a peer may speak; all of it comes from the connection. */
export interface PeerFacts {
  /** `unreadable`: a certificate was sent, and it does not parse. */
  readonly identity: PeerIdentity | 'unreadable' | null
  readonly certificateRequired: boolean
  /** True only if a certificate was sent and the TLS stack verified its chain. */
  readonly verified: boolean
  /** OpenSSL's name for what is wrong, such as `CERT_HAS_EXPIRED`. */
  readonly verifyError: string | null
  /** The certificates above the leaf that the peer sent, as far as they parse. */
  readonly intermediates: readonly Certificate[]
  /** Intermediates of verified chains: they can explain a refusal, never undo one of OpenSSL. */
  readonly knownIntermediates: readonly Certificate[]
  readonly anchors: readonly Certificate[]
  /** With one list, every issuer of a chain needs one (gateway.md section 4.1(4)). */
  readonly crls?: readonly RevocationList[]
  /** What was found good before against the same anchors and lists. */
  readonly verifiedChains?: VerifiedChains
  readonly bundleName: string | null
  readonly pins: Pins
  readonly now: Date
}

/**
 * Whether this peer is let in: `null`, or why not. Fails closed: anything that was not verified is
 * refused, whatever the reason turns out to be (gateway.md sections 4.1 and 4.3). What OpenSSL has
 * verified must pass our own verification as well, which knows the rules that OpenSSL leaves out.
 */
export function judgePeer(facts: PeerFacts): Refusal | null {
  const { identity } = facts
  // The absent certificate comes first: TLS stacks report a misleading error for it.
  if (identity === null) return facts.certificateRequired ? noCertificate() : null
  if (identity === 'unreadable' || !facts.verified) return explainHandshakeRefusal(facts)
  return judgeVerified(identity, facts) ?? judgeChain(identity, facts)
}

function judgeChain(identity: PeerIdentity, facts: PeerFacts): Refusal | null {
  const chain = [identity.certificate, ...facts.intermediates]
  if (facts.verifiedChains?.holds(chain, facts.now)) return null
  const result = verifyAgain({ ...facts, identity })
  if (result.refusal) return result.refusal
  facts.verifiedChains?.remember(chain, facts.now, result.validUntilMs)
  return null
}

/**
 * Why a peer that the TLS stack did not verify is refused: one code and one sentence, from the
 * connection's facts. The chain is verified a second time here, because OpenSSL reports the last
 * of several faults and has one code where we have three.
 */
export function explainHandshakeRefusal(facts: PeerFacts): Refusal {
  const { identity } = facts
  if (identity === null) return noCertificate()
  if (identity === 'unreadable') {
    return refuse('CHN_BAD_CONSTRAINTS', 'The client certificate cannot be read.')
  }
  const result = verify(identity, facts, facts.intermediates)
  const known = codeOfVerifyError(facts.verifyError)
  if (result.ok) {
    return refuse(
      known ?? 'CHN_BAD_CONSTRAINTS',
      `OpenSSL refuses the chain of ${nameOf(identity.certificate)}${suffix(facts)}.`,
    )
  }
  // Ours may be stricter about strength than OpenSSL; then its own reason is the one that counted.
  if (known && (result.code === 'weak' || result.code === 'malformed')) {
    return refuse(
      known,
      `OpenSSL refuses the chain of ${nameOf(identity.certificate)}${suffix(facts)}.`,
    )
  }
  return explainFault(identity, facts, result)
}

/**
 * Verifies the chain of an open connection or a resumed session once more, against what is trusted
 * now (gateway.md section 4.3). `validUntilMs` is the first end of a certificate on the path or of a
 * revocation list: until then nothing but a change of the bundle can alter the answer.
 */
export function verifyAgain(
  facts: PeerFacts & { readonly identity: PeerIdentity },
): { readonly refusal: Refusal } | { readonly refusal: null; readonly validUntilMs: number } {
  const { identity } = facts
  const intermediates = [...facts.intermediates, ...facts.knownIntermediates]
  const result = verify(identity, facts, intermediates)
  if (!result.ok) return { refusal: explainFault(identity, facts, result) }
  const refusal = judgeVerified(identity, facts)
  if (refusal) return { refusal }
  const ends = result.path.map(({ notAfter }) => notAfter.getTime())
  const listEnds = (facts.crls ?? []).map(({ nextUpdate }) => nextUpdate?.getTime() ?? 0)
  // A list that has ended already is of no chain that was just found good.
  const ahead = listEnds.filter((end) => end >= facts.now.getTime())
  return { refusal: null, validUntilMs: Math.min(...ends, ...ahead) }
}

type ChainFailure = Extract<ChainResult, { ok: false }>

function verify(
  identity: PeerIdentity,
  facts: PeerFacts,
  intermediates: readonly Certificate[],
): ChainResult {
  return verifyChain({
    leaf: identity.certificate,
    intermediates,
    knownIntermediates: facts.knownIntermediates,
    anchors: facts.anchors,
    ...(facts.crls === undefined ? {} : { crls: facts.crls }),
    time: facts.now,
    purpose: 'client',
  })
}

/** Rules of ours on top of a verified chain; cheap, because every handshake passes here. */
function judgeVerified(identity: PeerIdentity, facts: PeerFacts): Refusal | null {
  const { certificate } = identity
  const { extendedKeyUsage, keyUsage } = certificate
  if (extendedKeyUsage && !extendedKeyUsage.includes('clientAuth')) {
    return refuse('EKU_NOT_CLIENT_AUTH', purposeText(certificate))
  }
  if (keyUsage && !keyUsage.includes('digitalSignature')) {
    return refuse(
      'EKU_NOT_CLIENT_AUTH',
      `The key of ${nameOf(certificate)} may not make signatures: its keyUsage lacks digitalSignature.`,
    )
  }
  // A session resumed after the end of the certificate was verified before it.
  const time = facts.now.getTime()
  if (certificate.notAfter.getTime() < time)
    return refuse('VAL_EXPIRED', expiredText(certificate, facts))
  if (certificate.notBefore.getTime() > time) {
    return refuse('VAL_NOT_YET', notYetText(certificate, facts))
  }
  const place = controlCharacterPlace(identity)
  if (place) {
    return refuse('CHN_BAD_CONSTRAINTS', `The certificate has a control character in its ${place}.`)
  }
  const mismatch = pinMismatch(identity, facts.pins)
  return mismatch
    ? refuse('CHN_NOT_PINNED', `${nameOf(certificate)} is trusted but not pinned: ${mismatch}.`)
    : null
}

function explainFault(identity: PeerIdentity, facts: PeerFacts, failure: ChainFailure): Refusal {
  const leaf = identity.certificate
  const bundle = facts.bundleName ?? 'the trust bundle of this host'
  switch (failure.code) {
    case 'unknown-authority':
    case 'intermediate-missing':
    case 'self-signed':
      return explainUnknown(identity, failure, bundle)
    case 'expired':
    case 'issuer-expired':
      return explainExpired(leaf, failure, facts)
    case 'not-yet-valid':
      return refuse('VAL_NOT_YET', notYetText(failure.certificate ?? leaf, facts))
    case 'wrong-purpose':
      return refuse('EKU_NOT_CLIENT_AUTH', purposeText(failure.certificate ?? leaf))
    default:
      return refuse(
        codeOfFault(failure.code),
        `The chain of ${nameOf(leaf)} breaks a rule: ${failure.message}${suffix(facts)}.`,
      )
  }
}

function explainUnknown(identity: PeerIdentity, { code }: ChainFailure, bundle: string): Refusal {
  const name = nameOf(identity.certificate)
  if (code === 'intermediate-missing') {
    return refuse(
      'CHN_INTERMEDIATE_MISSING',
      `The client sent ${name} without what leads from ${identity.issuer} to ${bundle}.`,
    )
  }
  if (identity.certificate.selfIssued) {
    return refuse(
      'CHN_SELF_SIGNED',
      `${name} signed itself; only an authority in ${bundle} is trusted here.`,
    )
  }
  return refuse(
    'CHN_UNKNOWN_AUTHORITY',
    `${name} was issued by ${identity.issuer}, which leads to no authority in ${bundle}.`,
  )
}

function explainExpired(leaf: Certificate, failure: ChainFailure, facts: PeerFacts): Refusal {
  const ended = failure.certificate ?? leaf
  return ended === leaf || ended.sha256 === leaf.sha256
    ? refuse('VAL_EXPIRED', expiredText(leaf, facts))
    : refuse('VAL_ISSUER_EXPIRED', `An issuer of ${nameOf(leaf)}: ${expiredText(ended, facts)}`)
}

function expiredText(certificate: Certificate, { now }: PeerFacts): string {
  const end = certificate.notAfter
  const ago = describeDuration(now.getTime() - end.getTime())
  return `${nameOf(certificate)} ended on ${end.toISOString()}, ${ago} ago.`
}

function notYetText(certificate: Certificate, { now }: PeerFacts): string {
  const start = certificate.notBefore
  const ahead = describeDuration(start.getTime() - now.getTime())
  return `${nameOf(certificate)} begins on ${start.toISOString()}, in ${ahead}; is a clock off?`
}

function purposeText(certificate: Certificate): string {
  const purposes = certificate.extendedKeyUsage?.join(', ') || 'none'
  return `${nameOf(certificate)} is not for clients: its purposes are ${purposes}, clientAuth is not among them.`
}

function noCertificate(): Refusal {
  return refuse('TLS_NO_CLIENT_CERT', 'This host demands a client certificate and none was sent.')
}

function nameOf(certificate: Certificate): string {
  return formatName(certificate.subject) || `the certificate with serial ${certificate.serial}`
}

function suffix({ verifyError }: PeerFacts): string {
  return verifyError ? ` (OpenSSL: ${verifyError})` : ''
}

function refuse(code: DecisionCode, summary: string): Refusal {
  return { code, summary }
}
