import {
  type Certificate,
  type ChainFault,
  type ChainPurpose,
  type ChainResult,
  formatName,
  type RevocationList,
  verifyChain,
  verifyTlsChain,
} from '@twinlatch/pki'
import { clientKeyFault } from './client-key.ts'
import type { DecisionCode, Refusal } from './decision.ts'
import { identifyPeer } from './peer.ts'
import { verifyAgain } from './refusal.ts'
import { codeOfFault } from './refusal-codes.ts'
import { isServerNamed } from './server-name.ts'

/** A chain, and what it shall be judged by. */
export interface OfflineQuestion {
  /** Leaf first, then what its owner sends with it, in any order. */
  readonly chain: readonly [Certificate, ...Certificate[]]
  /** Each certificate of the bundle is an anchor by itself. */
  readonly anchors: readonly Certificate[]
  /** With one list, every issuer of the path needs one. */
  readonly crls: readonly RevocationList[]
  readonly time: Date
  readonly purpose: ChainPurpose
  /** For a server: the host a client wants to reach; `null` checks no name. */
  readonly host: string | null
}

type ChainFailure = Extract<ChainResult, { ok: false }>

/** Accepted, with the path that leads to the anchor, or the refusal. */
export type OfflineVerdict =
  | { readonly accepted: true; readonly path: readonly Certificate[] }
  | {
      readonly accepted: false
      readonly refusal: Refusal
      readonly certificate: Certificate | null
    }

/**
 * The verdict that a host with this bundle would give, without a connection and by the same rules
 * (gateway.md section 4.1). For a server it is the one of our own clients (RFC 5280, RFC 9525).
 */
export function judgeOffline(question: OfflineQuestion): OfflineVerdict {
  return question.purpose === 'client' ? judgeClient(question) : judgeServer(question)
}

function judgeClient(question: OfflineQuestion): OfflineVerdict {
  const [leaf, ...intermediates] = question.chain
  const keyFault = clientKeyFault(leaf)
  const facts = {
    identity: identifyPeer(question.chain.map(({ raw }) => raw)),
    certificateRequired: true,
    verified: false,
    verifyError: null,
    intermediates,
    knownIntermediates: [],
    anchors: question.anchors,
    crls: question.crls,
    bundleName: 'the bundle',
    pins: noPins,
    now: question.time,
  }
  const { refusal } = verifyAgain(facts)
  const result = verifyTlsChain(chainQuestionOf(question))
  if (refusal) return refused(refusal, result.ok ? leaf : result.certificate)
  if (!result.ok) return refusedChain(codeOfFault(result.code), result)
  if (keyFault !== null) {
    const summary = `No client can present this certificate: ${keyFault}.`
    return refused({ code: 'TLS_NO_CLIENT_CERT', summary }, leaf)
  }
  return { accepted: true, path: result.path }
}

const noPins = {
  certificateHashes: new Set<string>(),
  spkiHashes: new Set<string>(),
  subjectAltNames: [],
}

function judgeServer(question: OfflineQuestion): OfflineVerdict {
  const [leaf] = question.chain
  const result = verifyChain(chainQuestionOf(question))
  if (!result.ok) return refusedChain(serverCodeOf(result.code), result)
  const { host } = question
  if (host !== null && !isServerNamed(leaf, host)) {
    const names = leaf.subjectAltNames.filter(({ type }) => type === 'dns' || type === 'ip')
    const list = names.map(({ value }) => value).join(', ') || 'none'
    const summary = `The certificate is not one for ${host}; its names are: ${list}.`
    return refused({ code: 'UPS_TLS_NAME', summary }, leaf)
  }
  return { accepted: true, path: result.path }
}

function chainQuestionOf({ chain: [leaf, ...intermediates], ...rest }: OfflineQuestion) {
  const { anchors, crls, time, purpose } = rest
  return { leaf, intermediates, anchors, crls, time, purpose }
}

function refusedChain(code: DecisionCode, { certificate, message }: ChainFailure): OfflineVerdict {
  const name = certificate === null ? '' : formatName(certificate.subject)
  const summary = `The chain breaks a rule${name && ` at ${name}`}: ${message}.`
  return refused({ code, summary }, certificate)
}

function serverCodeOf(fault: ChainFault): DecisionCode {
  return fault === 'wrong-purpose' ? 'EKU_NOT_SERVER_AUTH' : codeOfFault(fault)
}

function refused(refusal: Refusal, certificate: Certificate | null): OfflineVerdict {
  return { accepted: false, refusal, certificate }
}
