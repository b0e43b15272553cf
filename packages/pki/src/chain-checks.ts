import type { Certificate } from './certificate.ts'
import type { ChainFault, ChainProblem, ChainPurpose } from './chain-fault.ts'
import { readDer } from './der.ts'
import { PkiError } from './errors.ts'
import { extensionOid } from './extension.ts'
import {
  allowsByNetscapeType,
  assertDistributionPoints,
  assertPolicies,
} from './extension-checks.ts'
import { keyWeakness } from './key-description.ts'
import { constraintViolation, type NameConstraints, nameConstraintsOf } from './name-constraints.ts'
import { serialOctetsMax } from './serial.ts'

/** What a complete path is judged by. */
export interface PathQuestion {
  readonly time: Date
  readonly purpose: ChainPurpose
}

type PathCheck = (path: readonly Certificate[], question: PathQuestion) => ChainProblem | null

/** Extensions we process, or whose meaning cannot widen trust; any other critical one is refused. */
const processedExtensions = new Set<string>([
  extensionOid.keyUsage,
  extensionOid.extendedKeyUsage,
  extensionOid.subjectAltName,
  extensionOid.basicConstraints,
  extensionOid.nameConstraints,
  // Without a requirement for policies above it, which is refused, a list of policies limits nothing.
  extensionOid.certificatePolicies,
])

/**
 * Extensions that change what a certificate may do, critical or not, in ways we do not process: proxy
 * certificates (RFC 3820) and address and AS number blocks (RFC 3779). OpenSSL holds to them too.
 */
const refusedExtensions = new Map<string, string>([
  ['1.3.6.1.5.5.7.1.14', 'it is a proxy certificate (RFC 3820)'],
  ['1.3.6.1.5.5.7.1.7', 'it is bound to address blocks (RFC 3779)'],
  ['1.3.6.1.5.5.7.1.8', 'it is bound to AS numbers (RFC 3779)'],
])

const refuseMalformed: PathCheck = (path) =>
  firstProblem(path, 'malformed', (certificate, index) => {
    // Many old roots have serial 0; a self-issued anchor is identified by its bytes anyway.
    if (index === path.length - 1 && certificate.selfIssued) return null
    const { serial } = certificate
    if (serial === '0' || serial.startsWith('-')) return 'the serial number is not positive'
    // Octets of the encoding: a first bit that is set costs one more.
    const octets = serial.length / 2 + (Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? 1 : 0)
    return octets > serialOctetsMax ? 'the serial number has more than 20 octets' : null
  })

const refuseWeak: PathCheck = (path) =>
  firstProblem(path, 'weak', (certificate, index) => {
    const weakness = keyWeakness(certificate.keyFacts)
    if (weakness !== null) return weakness
    if (!hasUsableKey(certificate)) return 'its public key cannot be loaded'
    // Nobody relies on the signature of the anchor: it is trusted as it is.
    if (index === path.length - 1) return null
    const { signatureDigest, signatureAlgorithm } = certificate
    return signatureDigest === 'md5' || signatureDigest === 'sha1'
      ? `it is signed with ${signatureAlgorithm}`
      : null
  })

const refuseUnprocessed: PathCheck = (path) =>
  firstProblem(path, 'bad-constraints', ({ extensions }) => {
    for (const { oid, critical, value } of extensions) {
      const refused = refusedExtensions.get(oid)
      if (refused !== undefined) return refused
      if (critical && !processedExtensions.has(oid)) {
        return `its critical extension ${oid} is unknown`
      }
      if (oid === extensionOid.crlDistributionPoints) assertDistributionPoints(value)
      if (oid === extensionOid.certificatePolicies) assertPolicies(value)
      // requireExplicitPolicy, critical or not: policies are not processed, so it must fail.
      const isPolicy = oid === extensionOid.policyConstraints
      if (isPolicy && readDer(value).children.some(({ tag }) => tag === 0x80)) {
        return 'it requires explicit policies, which are not supported'
      }
    }
    return null
  })

const refuseBadAuthority: PathCheck = (path) => {
  let below = 0
  return firstProblem(path, 'bad-constraints', (certificate, index) => {
    if (index === 0) return null
    if (certificate.version !== 3) return 'an issuer must be a certificate of version 3'
    if (certificate.basicConstraints?.ca !== true) return 'an issuer is not a certificate authority'
    if (certificate.keyUsage?.includes('keyCertSign') === false) {
      return 'an issuer may not sign certificates (keyUsage)'
    }
    const { pathLength } = certificate.basicConstraints
    if (pathLength !== null && below > pathLength) {
      return `${below} authorities below an issuer that allows ${pathLength}`
    }
    // A self-issued authority (a key change) does not count (RFC 5280 section 4.2.1.9).
    if (!certificate.selfIssued) below += 1
    return null
  })
}

const refuseBadLeaf: PathCheck = (path) =>
  firstProblem(path.slice(0, 1), 'bad-constraints', (leaf) => {
    if (leaf.keyUsage?.includes('keyCertSign') === true && leaf.basicConstraints?.ca !== true) {
      return 'it may sign certificates (keyUsage) without being an authority'
    }
    // RFC 5280 section 4.2.1.9; a verifier may read either half of the contradiction.
    if (leaf.basicConstraints?.ca === false && leaf.basicConstraints.pathLength !== null) {
      return 'it has a path length without being an authority'
    }
    // RFC 5280 section 4.1.2.6: a subject, or an alternative name in its place.
    const isNamed = leaf.subject.rdns.length > 0 || leaf.subjectAltNames.length > 0
    return isNamed ? null : 'it has no name at all'
  })

const refuseConstrainedNames: PathCheck = (path) => {
  for (const [index, authority] of path.entries()) {
    if (index === 0) continue
    const constraints = readConstraints(authority)
    if (constraints === null) continue
    if ('code' in constraints) return constraints
    const problem = firstProblem(path.slice(0, index), 'bad-constraints', (certificate, below) =>
      below > 0 && certificate.selfIssued
        ? null
        : constraintViolation(constraints, certificate, { isLeaf: below === 0 }),
    )
    if (problem !== null) return problem
  }
  return null
}

const refuseWrongPurpose: PathCheck = (path, { purpose }) => {
  const wanted = `${purpose}Auth`
  return firstProblem(path, 'wrong-purpose', (certificate, index) => {
    const { extendedKeyUsage, keyUsage } = certificate
    // anyExtendedKeyUsage is not enough, an empty list fails, absent is fine (gateway.md section 4.1).
    if (extendedKeyUsage?.includes(wanted) === false) {
      return `its extended key usage is ${extendedKeyUsage.join(', ') || 'empty'}, not ${wanted}`
    }
    if (index > 0) return null
    if (!allowsByNetscapeType(certificate, purpose)) {
      return `its Netscape certificate type does not allow a TLS ${purpose}`
    }
    if (keyUsage === null) return null
    const usable =
      keyUsage.includes('digitalSignature') ||
      (purpose === 'server' &&
        (keyUsage.includes('keyEncipherment') || keyUsage.includes('keyAgreement')))
    return usable ? null : 'its key usage has no digitalSignature'
  })
}

const refuseWrongTime: PathCheck = (path, { time }) => {
  // notAfter names a second, and the whole of that second belongs to it.
  const now = Math.floor(time.getTime() / 1000) * 1000
  for (const [index, certificate] of path.entries()) {
    const { notBefore, notAfter } = certificate
    if (now < notBefore.getTime()) {
      const message = `it is not valid before ${notBefore.toISOString()}`
      return { code: 'not-yet-valid', message, certificate }
    }
    if (now > notAfter.getTime()) {
      const code = index === 0 ? 'expired' : 'issuer-expired'
      return { code, message: `it expired at ${notAfter.toISOString()}`, certificate }
    }
  }
  return null
}

const checks: readonly PathCheck[] = [
  refuseMalformed,
  refuseWeak,
  refuseUnprocessed,
  refuseBadAuthority,
  refuseBadLeaf,
  refuseConstrainedNames,
  refuseWrongPurpose,
  refuseWrongTime,
]

/**
 * Judges a path whose signatures fit (leaf first, anchor last): RFC 5280 section 6.1 and the rules
 * of pki.md section 5 and gateway.md section 4.1, all of which hold for the anchor too.
 */
export function judgePath(
  path: readonly Certificate[],
  question: PathQuestion,
): ChainProblem | null {
  for (const check of checks) {
    const problem = check(path, question)
    if (problem !== null) return problem
  }
  return null
}

function firstProblem(
  path: readonly Certificate[],
  code: ChainFault,
  check: (certificate: Certificate, index: number) => string | null,
): ChainProblem | null {
  for (const [index, certificate] of path.entries()) {
    try {
      const message = check(certificate, index)
      if (message !== null) return { code, message, certificate }
    } catch (cause) {
      if (!(cause instanceof PkiError)) throw cause
      return { code: 'malformed', message: cause.message, certificate }
    }
  }
  return null
}

function hasUsableKey({ publicKey }: Certificate): boolean {
  return publicKey.type === 'public'
}

function readConstraints(certificate: Certificate): NameConstraints | ChainProblem | null {
  try {
    return nameConstraintsOf(certificate)
  } catch (cause) {
    if (!(cause instanceof PkiError)) throw cause
    return { code: 'malformed', message: cause.message, certificate }
  }
}
