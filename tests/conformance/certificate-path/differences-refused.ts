import type { Difference } from './difference.ts'

/** What we refuse and others accept. */
export const refusedDifferences: readonly Difference[] = [
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'A root is held to the same rules as every other authority (gateway.md section 4.1(2), rule 3); the others trust an anchor as it is.',
    cases: [
      'root with CA:FALSE',
      'root without basicConstraints',
      'root of version 1',
      'path length 0 of the root above an intermediate',
      'path length 1 of the root above two intermediates',
      'path length that grows downwards does not help',
      'a self-issued intermediate, and one authority too many beside it',
      'root for serverAuth',
      'the name of an intermediate outside the constraints of the root',
      'root with an unknown critical extension',
      'bundle with the intermediate alone, which is no authority',
      'a leaf for serverAuth in the bundle',
      'the root presented as a leaf',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'A certificate must be DER and of the form of RFC 5280; we read it strictly, so that no two readers can see two certificates in the same bytes.',
    cases: [
      'basicConstraints with a negative path length',
      'basicConstraints with CA written as 01',
      'keyUsage that is no bit string',
      'keyUsage with a bit that must not be there',
      'CRL distribution point that is no structure',
      'the same unknown extension twice',
      'an empty list of extensions',
      'subjectAltName with an empty list',
      'subjectAltName with an address of five octets',
      'something behind the value of an extension',
      'authorityKeyIdentifier that is no structure',
      'UTCTime without seconds',
      'the 30th of February',
      'a padded serial number',
      'an empty serial number',
      'version 2 with extensions',
      'version 1 with extensions',
      'version 4',
      'a byte behind the certificate',
      'a length that is not minimal',
      'a length that is not minimal, in the signed part',
      'a path length that is not minimal',
      'an indefinite length',
      'a key that is none',
      'a common name that is not UTF-8',
      'a relative name that is an empty set',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason: 'RFC 5280 section 4.1.2.2: a serial number is positive and has at most 20 octets.',
    cases: [
      'serial number 0',
      'a negative serial number',
      'a serial number of 21 octets, the first one zero',
      'a serial number of 21 octets',
      'intermediate with the serial number 0',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Contradictions: a path length or keyCertSign without CA, the same policy twice (RFC 5280 sections 4.2.1.3, 4.2.1.9, 4.2.1.4).',
    cases: [
      'leaf with a path length and without CA',
      'leaf with keyCertSign and CA:FALSE',
      'certificatePolicies with the same policy twice',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Limits against chains made to be expensive: 10 certificates, 64 KiB each (pki.md section 5).',
    cases: ['11 certificates in the chain', 'a certificate of more than 64 KiB'],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Purposes: extendedKeyUsage, if present, must contain clientAuth and keyUsage digitalSignature; "any" or nothing is not enough (gateway.md section 4.1(3)).',
    cases: [
      'leaf for anyExtendedKeyUsage',
      'leaf with an empty extendedKeyUsage',
      'intermediate with an empty extendedKeyUsage',
      'leaf with keyUsage keyEncipherment',
      'leaf with keyUsage keyAgreement',
      'leaf with keyUsage nonRepudiation',
      'leaf with keyUsage cRLSign',
      'leaf with an empty keyUsage',
      'leaf of the Netscape type SSL server',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Below name constraints a name must be held by them: a common name that may be a host needs an alternative name (Envoy refuses it too), a wildcard may stand for an excluded host.',
    cases: [
      'excluded DNS a.example.org: *.example.org',
      'permitted DNS, common name of the leaf is a host outside',
      'constraints of another type, common name of the leaf is one label, no alternative name',
      'permitted DNS, common name of the leaf is a host inside',
      'excluded DNS, common name of the leaf is an excluded host',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Name constraints of every type are held to, and one that we cannot compare refuses (RFC 5280 section 4.2.1.10); GnuTLS looks at some types only.',
    cases: [
      'permitted URI host.test: spiffe://sub.host.test/ns/a, which is outside',
      'permitted URI host.test: spiffe://other.test/ns/a, which is outside',
      'permitted URI .host.test: https://host.test/, which is outside',
      'permitted URI, a URI without a host',
      'permitted URI, a URI with an address for host',
      'permitted IP 192.0.2.0/24: an IPv6 address, which is outside',
      'permitted directory C=DE, O=Other',
      'permitted directory longer than the subject',
      'permitted directory, a directory name among the alternative names outside',
      'constraints on principal names (otherName)',
      'constraints with a minimum distance',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Control characters in a name could forge a header line or a log line behind the gateway (gateway.md section 7.2).',
    cases: ['a common name with a NUL character', 'a common name with a line end'],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason: 'Without any name there is nothing a rule could match (RFC 5280 section 4.1.2.6).',
    cases: ['empty subject without any other name'],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Critical extensions that we do not process refuse, and policies are not processed, so a demand for them fails (pki.md section 5).',
    cases: [
      'a proxy certificate (RFC 3820)',
      'leaf with a critical CRL distribution point',
      'requireExplicitPolicy with policies along the chain',
      'requireExplicitPolicy and a leaf without policy',
      'requireExplicitPolicy that is not critical',
      'critical inhibitPolicyMapping',
      'critical inhibitAnyPolicy',
      'critical subjectKeyIdentifier',
      'critical authorityKeyIdentifier',
      'an address block that the issuer does not hold',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Keys and signatures below 112 bits, and keys that few peers know: RSA from 2048 bits with an exponent above 65536, P-256, P-384, P-521, Ed25519; neither SHA-1 nor MD5 (pki.md sections 3 and 5).',
    cases: [
      'leaf with a key of type rsa1024',
      'leaf with a key of type rsa2047',
      'leaf with a key of type rsa-e3',
      'leaf with a key of type rsa-pss',
      'leaf with a key of type p224',
      'leaf with a key of type secp256k1',
      'leaf with a key of type ed448',
      'chain of authorities with keys of type rsa1024',
      'chain of authorities with keys of type rsa-pss',
      'chain of authorities with keys of type p224',
      'only the root has a key of RSA 1024',
      'leaf signed with sha1 by rsa2048',
      'leaf signed with sha1 by p256',
      'leaf signed with md5 by rsa2048',
      'intermediate signed with sha1 by rsa2048',
      'intermediate signed with md5 by rsa2048',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'Our listeners ask for signatures of RSA, P-256 and P-384 keys, as Envoy does; a client with another key sends no certificate (gateway.md section 4.1(3)).',
    cases: ['leaf with a key of type p521', 'leaf with a key of type ed25519'],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'An authorityKeyIdentifier that names issuer and serial number is held to, as OpenSSL and Envoy do.',
    cases: [
      'leaf that names another serial number',
      'leaf that names another issuer of its issuer',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'The verdict is the one of a TLS server, which takes the first issuer that fits by name.',
    cases: ['another root of the same name first, and no authorityKeyIdentifier'],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'One configured list means a valid list of every issuer, signed by it and complete (gateway.md section 4.1(4)); `certtool --verify` uses the lists that fit and asks for no others.',
    cases: [
      'only the list of the intermediate',
      'only the list of the root',
      'only the list of a stranger',
      'lists, and the intermediate alone as anchor',
      'lists, three intermediates, one list missing',
      'root on its own list',
      'list of tomorrow',
      'list a second after its last',
      'list of the root that has ended',
      'forged list',
      'list with the signature of other bytes',
      'forged newer list beside a good one',
      'list of an authority of the same name',
      'list of an authority of the same name that names no key',
      'intermediate without cRLSign',
      'list with an unknown critical extension',
      'list with a critical extension in an entry',
      'list of authorities only',
    ],
  },
  {
    judges: ['openssl', 'strict', 'gnutls', 'envoy'],
    reason:
      'A list must say until when it holds (RFC 5280 section 5.1.2.5), be signed without SHA-1, and speak for all certificates of its issuer; reason removeFromCRL means nothing in a complete list.',
    cases: [
      'leaf removed from a complete list',
      'list without nextUpdate',
      'list signed with SHA-1',
      'list of user certificates only',
      'list of changes only',
    ],
  },
]
