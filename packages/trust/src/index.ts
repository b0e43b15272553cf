export { callerOrResponse, isAuthenticationFailure, readBearer } from './bearer.ts'
export { type CodeText, codeBook } from './code-book.ts'
export { controlCharacterPlace, holdsControlCharacter, printable } from './control-characters.ts'
export { type DecisionCode, type Refusal, type Stage, stageOfCode, stages } from './decision.ts'
export { TrustError, type TrustErrorCode } from './errors.ts'
export { explainCertificate } from './explain-certificate.ts'
export type {
  ExplainedCertificate,
  ExplainedConnection,
  ExplainedPolicy,
  ExplainedRequest,
  ExplainedStep,
  Explanation,
  ExplanationSink,
  Hint,
  NearMiss,
} from './explanation.ts'
export { type HintFacts, hintsFor, nearestPolicy } from './hints.ts'
export type { Authenticate, AuthenticationFailure, Caller, PeerIdentity } from './identity.ts'
export { describeNearMiss, markDifference } from './near-miss.ts'
export { judgeOffline, type OfflineQuestion, type OfflineVerdict } from './offline-verdict.ts'
export { identifyPeer, urlEncodePem } from './peer.ts'
export { explainHandshakeRefusal, judgePeer, type PeerFacts, verifyAgain } from './refusal.ts'
export { codeOfFault, codeOfHandshakeFault, codeOfVerifyError } from './refusal-codes.ts'
export { renderExplanation } from './render.ts'
export { type Pins, parseCertificateHash, parseSpkiPin, pinMismatch } from './spki-pin.ts'
export { createVerifiedChains, type VerifiedChains } from './verified-chains.ts'
export {
  meshHopElement,
  parseXfcc,
  writeXfccElement,
  type XfccDetail,
  type XfccElement,
} from './xfcc.ts'
