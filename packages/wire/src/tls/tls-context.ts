import { constants, createPrivateKey, hash, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext, getCiphers, type SecureContext } from 'node:tls'
import { asWireError, WireError, type WireErrorCode } from '../errors.ts'
import { wireLimits } from '../limits.ts'
import type { TlsSettings } from '../tls-facts.ts'

/** The six of gateway.md section 2.2: forward secrecy and authenticated encryption, nothing else. */
const defaultCipherSuites: readonly string[] = [
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
]
/** Not configurable (gateway.md section 2.2); Node takes both kinds in one list. */
const tls13CipherSuites: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
]
/**
 * gateway.md section 2.2, `ecdhCurves`: the defaults of a Kyma gateway, and P-384 behind them. On TLS 1.2
 * OpenSSL demands that the curve of a client's own key is in this list, and such clients are to be
 * let in (section 4.1(3)); as a group for the key exchange it is taken when nothing else is offered.
 */
const groups = 'X25519MLKEM768:X25519:prime256v1:secp384r1'
/** gateway.md section 2.3: what a CertificateRequest asks for; SHA-1 is left out, Ed25519 is not in it. */
const signatureAlgorithms = [
  'ecdsa_secp256r1_sha256',
  'ecdsa_secp384r1_sha384',
  'rsa_pss_rsae_sha256',
  'rsa_pss_rsae_sha384',
  'rsa_pss_rsae_sha512',
  'rsa_pkcs1_sha256',
  'rsa_pkcs1_sha384',
  'rsa_pkcs1_sha512',
].join(':')

/** Sessions of one domain are worth nothing elsewhere because both of these are its own. */
export interface SessionSettings {
  readonly sessionIdContext: string
  /** 48 random bytes. */
  readonly ticketKeys: Buffer
}

/** A context, and what it was made of. */
export interface DomainContext {
  readonly context: SecureContext
  /**
   * To be kept as long as the context: a thousand that are let go of between a thousand contexts
   * leave holes that every later allocation of OpenSSL's looks through.
   */
  readonly authorities: readonly X509Certificate[]
}

/**
 * The OpenSSL context of one trust domain. Every part is checked by itself first, so that the
 * error names the part. Every client authority is an anchor, an intermediate alone included
 * (gateway.md section 4.1(2)); a CRL turns on "every certificate of every chain needs one" (4.1(4)).
 */
export function createDomainContext(
  settings: TlsSettings,
  sessions: SessionSettings,
): DomainContext {
  checkServerPair(settings)
  checkVersions(settings)
  const authorities = clientAuthorities(settings)
  try {
    const context = createSecureContext({
      cert: settings.certificateChainPem,
      key: settings.privateKeyPem.reveal(),
      // Never absent: without a list Node would trust every public authority.
      ca: authorities.map(String),
      allowPartialTrustChain: true,
      ...(settings.crlPem === null ? {} : { crl: crlBlocks(settings.crlPem) }),
      minVersion: settings.minVersion,
      maxVersion: settings.maxVersion,
      ciphers: cipherList(settings),
      honorCipherOrder: true,
      ecdhCurve: groups,
      sigalgs: signatureAlgorithms,
      // The certificate that was accepted must stay the one of the connection.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      sessionTimeout: wireLimits.sessionSeconds,
      ...sessions,
    })
    return { context, authorities }
  } catch (error) {
    throw asWireError(error, 'wire/unusable-certificate', 'OpenSSL refuses these TLS settings')
  }
}

/**
 * Server certificates that were found to be one with their key, by a hash of both: one wildcard may
 * serve a thousand domains, and what OpenSSL makes of each look leaves holes in its heap.
 */
const knownPairs = new Set<string>()
const knownPairsMax = 1_024

function checkServerPair(settings: TlsSettings): void {
  const pair = hash('sha256', settings.certificateChainPem + settings.privateKeyPem.reveal())
  if (knownPairs.has(pair)) return
  checkServerCertificate(settings)
  if (knownPairs.size >= knownPairsMax) knownPairs.clear()
  knownPairs.add(pair)
}

function checkServerCertificate(settings: TlsSettings): void {
  const chain = certificatesIn(
    settings.certificateChainPem,
    'wire/unusable-certificate',
    'the server certificate chain',
  )
  const leaf = chain[0]
  if (!leaf) {
    throw new WireError(
      'wire/unusable-certificate',
      'the server certificate chain holds no certificate',
    )
  }
  const key = privateKey(settings)
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec') {
    throw new WireError(
      'wire/unusable-key',
      `a server key is RSA or EC, not ${key.asymmetricKeyType}`,
    )
  }
  if (!leaf.checkPrivateKey(key)) {
    throw new WireError(
      'wire/unusable-key',
      'the private key does not belong to the first certificate of the server chain',
    )
  }
}

function privateKey(settings: TlsSettings): KeyObject {
  try {
    return createPrivateKey(settings.privateKeyPem.reveal())
  } catch (error) {
    throw asWireError(error, 'wire/unusable-key', 'the server key is not a readable private key')
  }
}

function checkVersions(settings: TlsSettings): void {
  if (settings.minVersion > settings.maxVersion) {
    throw new WireError(
      'wire/unusable-versions',
      `minimum ${settings.minVersion} is above maximum ${settings.maxVersion}`,
    )
  }
}

function clientAuthorities(settings: TlsSettings): X509Certificate[] {
  const authorities = settings.clientAuthoritiesPem.flatMap((pem) =>
    certificatesIn(pem, 'wire/unusable-authorities', 'a client authority'),
  )
  // A missing authority must never mean "no check" (gateway.md section 2.3).
  if (settings.requestClientCertificate && authorities.length === 0) {
    throw new WireError(
      'wire/unusable-authorities',
      'client certificates are asked for, but there is no authority to check them against',
    )
  }
  return authorities
}

/** Every certificate of a PEM text; text between the blocks is ignored (RFC 7468 section 2). */
function certificatesIn(pem: string, code: WireErrorCode, what: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length !== (pem.match(/-----BEGIN [A-Z ]*CERTIFICATE-----/g) ?? []).length) {
    throw new WireError(code, `${what} holds a certificate block that does not end`)
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      throw asWireError(error, code, `${what}: certificate ${index + 1} cannot be read`)
    }
  })
}

/** Node reads one CRL per string and drops the others without a word. */
function crlBlocks(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN X509 CRL-----[^-]*-----END X509 CRL-----/g) ?? []
  if (blocks.length === 0) throw new WireError('wire/unusable-crl', 'the CRL text holds no CRL')
  for (const [index, block] of blocks.entries()) {
    try {
      createSecureContext({ ca: [], crl: block })
    } catch (error) {
      throw asWireError(error, 'wire/unusable-crl', `CRL ${index + 1} cannot be read`)
    }
  }
  return blocks
}

function cipherList(settings: TlsSettings): string {
  const suites = settings.cipherSuites
  if (suites === null) return [...tls13CipherSuites, ...defaultCipherSuites].join(':')
  const known = new Set(getCiphers())
  const unknown = suites.filter((name) => !known.has(name.toLowerCase()))
  if (unknown.length > 0 || suites.length === 0) {
    throw new WireError(
      'wire/unusable-ciphers',
      suites.length === 0 ? 'the list of cipher suites is empty' : `unknown: ${unknown.join(', ')}`,
    )
  }
  return [...tls13CipherSuites, ...suites].join(':')
}
