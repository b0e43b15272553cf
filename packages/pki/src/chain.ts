import type { Certificate } from './certificate.ts'
import { judgePath } from './chain-checks.ts'
import type { ChainFault, ChainPurpose } from './chain-fault.ts'
import { refuseRevoked } from './chain-revocation.ts'
import { searchPaths } from './chain-search.ts'
import { findTlsPath } from './chain-tls-path.ts'
import type { RevocationList } from './crl.ts'
import { formatName } from './name-format.ts'

/** A chain and the question asked about it. */
export interface ChainQuestion {
  readonly leaf: Certificate
  /** What was sent above the leaf: any order, unrelated ones are passed over. */
  readonly intermediates: readonly Certificate[]
  /** The bundle: each certificate of it is an anchor by itself, an intermediate alone included. */
  readonly anchors: readonly Certificate[]
  readonly time: Date
  readonly purpose: ChainPurpose
  /**
   * Revocation lists. As soon as there is one, every certificate of the path needs a valid list of
   * its issuer (gateway.md section 4.1(4)); without any, nothing is said about revocation.
   */
  readonly crls?: readonly RevocationList[]
  /**
   * Certificates we know from elsewhere. They never make a chain good; with them a failure can be
   * told as `intermediate-missing`.
   */
  readonly knownIntermediates?: readonly Certificate[]
}

/** The path from leaf to anchor, or why there is none that can be trusted. */
export type ChainResult =
  | { readonly ok: true; readonly path: Certificate[] }
  | {
      readonly ok: false
      readonly code: ChainFault
      readonly message: string
      /** The certificate the message is about. */
      readonly certificate: Certificate | null
      /** As far as the path went, leaf first. */
      readonly path: Certificate[]
    }

/**
 * Path from leaf to an anchor by names and signatures only, leaf first; `null` without one. Says
 * nothing about dates, purpose or constraints: `verifyChain` does.
 */
export function buildPath(
  leaf: Certificate,
  intermediates: readonly Certificate[],
  anchors: readonly Certificate[],
): Certificate[] | null {
  const { problem, path } = searchPaths(leaf, { intermediates, anchors }, () => null)
  return problem === null ? [...path] : null
}

/**
 * Decides offline whether a chain leads to an anchor and may be used for `purpose` at `time`: the
 * checks of pki.md section 5 and, with `crls`, revocation. Tries every path and accepts the first that passes
 * all checks. Handshakes are decided by OpenSSL; this is for uploads and forwarded certificates.
 */
export function verifyChain(question: ChainQuestion): ChainResult {
  const { leaf, intermediates, anchors, knownIntermediates = [] } = question
  const judge = (path: readonly Certificate[]) =>
    judgePath(path, question) ?? refuseRevoked(path, question)
  const { path, problem } = searchPaths(leaf, { intermediates, anchors }, judge)
  if (problem === null) return { ok: true, path: [...path] }
  if (problem.code === 'unknown-authority' && knownIntermediates.length > 0) {
    const all = [...intermediates, ...knownIntermediates]
    const whole = buildPath(leaf, all, anchors)
    const missing = whole?.find((link) => !isAmong(link, [leaf, ...intermediates, ...anchors]))
    if (missing !== undefined) {
      return {
        ok: false,
        code: 'intermediate-missing',
        message: `the intermediate ${formatName(missing.subject)} was not sent`,
        certificate: leaf,
        path: [...path],
      }
    }
  }
  return { ok: false, ...problem, path: [...path] }
}

/**
 * The verdict of `verifyChain` as a TLS server comes to it, which looks at one path only (see
 * `findTlsPath`): accepts nothing that `verifyChain` refuses, and refuses what only another path saves.
 */
export function verifyTlsChain(question: ChainQuestion): ChainResult {
  const result = verifyChain(question)
  if (!result.ok) return result
  const { leaf, intermediates, anchors, time } = question
  const found = findTlsPath(leaf, { intermediates, anchors }, time)
  const path = [...(found?.path ?? [leaf])]
  const refuse = (code: ChainFault, message: string, certificate: Certificate | null) => {
    const text = `${message}; a TLS server tries no other path`
    return { ok: false, code, message: text, certificate, path } as const
  }
  if (found === null) return refuse('unknown-authority', 'no issuer fits by name', leaf)
  if (found.notSigned !== null) {
    const text = 'the first issuer that fits by name did not sign it'
    return refuse('bad-signature', text, found.notSigned)
  }
  const judge = (at: Date) =>
    judgePath(found.path, { ...question, time: at }) ??
    refuseRevoked(found.path, { ...question, time: at })
  // OpenSSL counts the last second of a certificate or list as past; RFC 5280 and we do not.
  const problem = judge(time) ?? judge(new Date(time.getTime() + 1000))
  return problem === null
    ? { ok: true, path }
    : refuse(problem.code, problem.message, problem.certificate)
}

function isAmong({ sha256 }: Certificate, list: readonly Certificate[]): boolean {
  return list.some((candidate) => candidate.sha256 === sha256)
}
