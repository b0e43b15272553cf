import { type Certificate, encodePem, formatName, parseCertificate } from '@twinlatch/pki'
import { TrustError } from './errors.ts'
import type { PeerIdentity } from './identity.ts'

/**
 * Identity of the peer that sent `chainDer` (leaf first), with every text that headers, policies
 * and records need. Costs a parse: call it once per connection, or keep the result by the chain's
 * hash. Says nothing about whether the chain was verified.
 *
 * Throws `trust/malformed-certificate` when the leaf is absent or does not parse.
 */
export function identifyPeer(chainDer: readonly Uint8Array[]): PeerIdentity {
  const [leafDer] = chainDer
  if (!leafDer) {
    throw new TrustError('trust/malformed-certificate', 'the peer sent no certificate to identify')
  }
  const leaf = parseLeaf(leafDer)
  let pem: string | undefined
  return {
    certificate: leaf,
    chain: chainDer,
    subject: formatName(leaf.subject),
    issuer: formatName(leaf.issuer),
    serial: leaf.serial,
    sha256: leaf.sha256,
    sha1: leaf.sha1,
    spkiSha256: leaf.spkiSha256,
    uriSans: alternativeNames(leaf, 'uri'),
    dnsSans: alternativeNames(leaf, 'dns'),
    emailSans: alternativeNames(leaf, 'email'),
    ipSans: alternativeNames(leaf, 'ip'),
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    get urlEncodedPem() {
      pem ??= urlEncodePem(leafDer)
      return pem
    },
  }
}

/**
 * PEM of one certificate as Envoy puts it into headers: LF, space, `+`, `/` and `=` are
 * percent-encoded, nothing else, and the text ends with a newline (gateway.md section 7.2).
 */
export function urlEncodePem(der: Uint8Array): string {
  const pem = encodePem('CERTIFICATE', der)
  return (pem.endsWith('\n') ? pem : `${pem}\n`).replace(
    /[\n +/=]/g,
    (character) => percentOf.get(character) ?? character,
  )
}

const percentOf = new Map([
  ['\n', '%0A'],
  [' ', '%20'],
  ['+', '%2B'],
  ['/', '%2F'],
  ['=', '%3D'],
])

function parseLeaf(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der)
  } catch (cause) {
    throw new TrustError('trust/malformed-certificate', "the peer's certificate cannot be read", {
      cause,
    })
  }
}

function alternativeNames(leaf: Certificate, type: string): string[] {
  return leaf.subjectAltNames.filter((name) => name.type === type).map((name) => name.value)
}
