import { X509Certificate } from 'node:crypto'
import type { Certificate } from './certificate.ts'
import type { ChainFault, ChainProblem } from './chain-fault.ts'
import { isCostlyKey } from './key-description.ts'
import { formatName } from './name-format.ts'

/** Bounds of the search for a path; the sender chooses the certificates, not the cost. */
export const chainLimits = {
  /** Certificates of a path, leaf and anchor included; three are usual, five are rare. */
  depthMax: 10,
  /** Signatures checked in one search, so that loops and cross-signing cannot explode. */
  signaturesMax: 100,
} as const

/** Where a path may lead. */
export interface ChainPool {
  readonly intermediates: readonly Certificate[]
  /** Each of them ends a path, an intermediate authority or a leaf included. */
  readonly anchors: readonly Certificate[]
}

/** The accepted path, or the path that came furthest and what is wrong with it. */
export interface SearchResult {
  /** Leaf first. */
  readonly path: readonly Certificate[]
  /** `null` when the path was accepted. */
  readonly problem: ChainProblem | null
}

interface Search extends ChainPool {
  readonly judge: (path: readonly Certificate[]) => ChainProblem | null
  signaturesLeft: number
  best: SearchResult
  /** How far the best path came: a place in `progress`, or beyond its end when it was judged. */
  bestRank: number
}

// The result names the failure of the path that came furthest, in this order.
const progress: readonly ChainFault[] = [
  'unknown-authority',
  'self-signed',
  'bad-signature',
  'too-long',
]

/**
 * Tries every path from `leaf` to an anchor until `judge` accepts one; issuers are found by the bytes
 * of their name and proven by the signature; who the key identifier rules out is not tried.
 */
export function searchPaths(
  leaf: Certificate,
  pool: ChainPool,
  judge: (path: readonly Certificate[]) => ChainProblem | null,
): SearchResult {
  const search: Search = {
    ...pool,
    judge,
    signaturesLeft: chainLimits.signaturesMax,
    bestRank: -1,
    // Refused until proven: a branch that forgets to say why must not read as acceptance.
    best: {
      path: [leaf],
      problem: problem('unknown-authority', 'no authority of the bundle issued it', leaf),
    },
  }
  extend(search, [leaf], leaf)
  return search.best
}

function extend(search: Search, path: readonly Certificate[], top: Certificate): boolean {
  if (search.anchors.some(({ sha256 }) => sha256 === top.sha256)) {
    const refusal = search.judge(path)
    if (refusal === null) {
      search.best = { path, problem: null }
      return true
    }
    note(search, path, refusal, progress.length)
  }
  const issuers = issuersOf(search, path, top)
  if (issuers.length === 0) {
    noteEnd(search, path, top)
    return false
  }
  if (path.length >= chainLimits.depthMax) {
    const text = `the chain has more than ${chainLimits.depthMax} certificates`
    note(search, path, problem('too-long', text, top))
    return false
  }
  return issuers.some((issuer) => {
    if (search.signaturesLeft <= 0) {
      const text = `no path found after checking ${chainLimits.signaturesMax} signatures`
      note(search, path, problem('too-long', text, top))
      return false
    }
    search.signaturesLeft -= 1
    if (isSignedBy(top, issuer)) return extend(search, [...path, issuer], issuer)
    noteWrongSignature(search, path, top, issuer)
    return false
  })
}

/** Issuers by name that are not on the path yet, neither as certificate nor as name and key. */
function issuersOf(search: Search, path: readonly Certificate[], top: Certificate): Certificate[] {
  const isOnPath = (candidate: Certificate) =>
    path.some(
      (link) =>
        sameBytes(link.subject.raw, candidate.subject.raw) && sameBytes(link.spki, candidate.spki),
    )
  const found = [...search.anchors, ...search.intermediates].filter(
    (candidate) => isNamedBy(top, candidate) && !isOnPath(candidate),
  )
  const unique = [...new Map(found.map((candidate) => [candidate.sha256, candidate])).values()]
  return unique.toSorted((a, b) => Number(hintFits(top, b)) - Number(hintFits(top, a)))
}

/**
 * Whether `issuer` is the one that `certificate` names: by the bytes of the name and, as far as both
 * have them, by key identifier, serial number and name of its own issuer (RFC 5280 section 4.2.1.1).
 */
export function isNamedBy(certificate: Certificate, issuer: Certificate): boolean {
  const { authorityKeyId, authorityIssuer, authoritySerial } = certificate
  const keyFits =
    authorityKeyId === null ||
    issuer.subjectKeyId === null ||
    authorityKeyId === issuer.subjectKeyId
  return (
    sameBytes(issuer.subject.raw, certificate.issuer.raw) &&
    keyFits &&
    (authoritySerial === null || authoritySerial === issuer.serial) &&
    (authorityIssuer === null || sameBytes(authorityIssuer, issuer.issuer.raw))
  )
}

/** Whether the key of `issuer` made the signature of `certificate`; keys made to cost time are not asked. */
export function isSignedBy(certificate: Certificate, issuer: Certificate): boolean {
  if (isCostlyKey(issuer.keyFacts)) return false
  try {
    return new X509Certificate(certificate.raw).verify(issuer.publicKey)
  } catch {
    // A key or an algorithm OpenSSL does not know proves nothing.
    return false
  }
}

function noteEnd(search: Search, path: readonly Certificate[], top: Certificate): void {
  const isLeaf = path.length === 1
  if (top.selfIssued && isLeaf && isSignedBy(top, top)) {
    const text = 'the certificate is self-signed and not itself in the bundle'
    note(search, path, problem('self-signed', text, top))
    return
  }
  const text = top.selfIssued
    ? `the chain leads to ${formatName(top.subject)}, which is not in the bundle`
    : `its issuer ${formatName(top.issuer)} is neither in the bundle nor was it sent`
  note(search, path, problem('unknown-authority', text, top))
}

function noteWrongSignature(
  search: Search,
  path: readonly Certificate[],
  top: Certificate,
  issuer: Certificate,
): void {
  // Another key of the same name is another authority; only the named key makes it a bad signature.
  const named = top.authorityKeyId !== null && top.authorityKeyId === issuer.subjectKeyId
  const text = named
    ? `the signature does not fit the key of ${formatName(issuer.subject)}`
    : `an authority named ${formatName(issuer.subject)} is known, but with another key`
  note(search, path, problem(named ? 'bad-signature' : 'unknown-authority', text, top))
}

function note(
  search: Search,
  path: readonly Certificate[],
  found: ChainProblem,
  rank = progress.indexOf(found.code),
): void {
  const further = rank === search.bestRank && path.length > search.best.path.length
  if (rank <= search.bestRank && !further) return
  search.bestRank = rank
  search.best = { path, problem: found }
}

function hintFits(certificate: Certificate, issuer: Certificate): boolean {
  return certificate.authorityKeyId !== null && certificate.authorityKeyId === issuer.subjectKeyId
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function problem(code: ChainFault, message: string, certificate: Certificate | null): ChainProblem {
  return { code, message, certificate }
}
