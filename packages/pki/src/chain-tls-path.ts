import type { Certificate } from './certificate.ts'
import { chainLimits, isNamedBy, isSignedBy } from './chain-search.ts'

/** A path, and the first certificate on it that the key above it did not sign. */
export interface TlsPath {
  /** Leaf first. */
  readonly path: readonly Certificate[]
  readonly notSigned: Certificate | null
}

/**
 * The one path that OpenSSL takes in a handshake, or `null`: at each step the first issuer that fits
 * by name and may sign, one of the bundle before one that was sent, a currently valid one before
 * others; signatures are looked at afterwards only, and no second path is tried. A chain that another
 * path would save is refused by a TLS server all the same.
 */
export function findTlsPath(
  leaf: Certificate,
  pool: {
    readonly intermediates: readonly Certificate[]
    readonly anchors: readonly Certificate[]
  },
  time: Date,
): TlsPath | null {
  const path = [leaf]
  while (path.length <= chainLimits.depthMax) {
    const top = path.at(-1) ?? leaf
    const anchor = best(top, pool.anchors, time)
    if (anchor !== null) {
      if (anchor.sha256 !== top.sha256) path.push(anchor)
      return { path, notSigned: firstNotSigned(path) }
    }
    const onPath = new Set(path.map(({ sha256 }) => sha256))
    const sent = pool.intermediates.filter(({ sha256 }) => !onPath.has(sha256))
    const next = best(top, sent, time)
    if (next === null) break
    path.push(next)
  }
  const isAnchor = pool.anchors.some(({ sha256 }) => sha256 === leaf.sha256)
  return isAnchor ? { path: [leaf], notSigned: null } : null
}

function best(
  certificate: Certificate,
  candidates: readonly Certificate[],
  time: Date,
): Certificate | null {
  const issuers = candidates.filter(
    (issuer) =>
      isNamedBy(certificate, issuer) && issuer.keyUsage?.includes('keyCertSign') !== false,
  )
  const current = issuers.find(
    // OpenSSL counts the last second as past.
    ({ notBefore, notAfter }) => notBefore <= time && time < notAfter,
  )
  const [latest] = issuers.toSorted((a, b) => b.notAfter.getTime() - a.notAfter.getTime())
  return current ?? latest ?? null
}

function firstNotSigned(path: readonly Certificate[]): Certificate | null {
  const at = path.findIndex((certificate, index) => {
    const issuer = path[index + 1]
    return issuer !== undefined && !isSignedBy(certificate, issuer)
  })
  return path[at] ?? null
}
