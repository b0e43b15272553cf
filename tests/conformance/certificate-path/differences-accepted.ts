import type { Difference } from './difference.ts'

/** What we accept and others refuse; never what OpenSSL refuses as a TLS server. */
export const acceptedDifferences: readonly Difference[] = [
  {
    judges: ['strict'],
    reason:
      '-x509_strict demands what many authorities in use leave out: key identifiers, keyUsage of an authority, critical flags. Nothing is trusted more without them, OpenSSL as a TLS server does not ask, and Envoy accepts them.',
    cases: [
      'intermediate with basicConstraints that are not critical',
      'intermediate without keyUsage',
      'root without keyUsage',
      'permitted directory, leaf with an empty subject',
      'empty subject with a subjectAltName that is not critical',
      'leaf without authorityKeyIdentifier',
      'intermediate without subjectKeyIdentifier',
      'leaf that names a key, issuer without subjectKeyIdentifier',
      'root without subjectKeyIdentifier',
      'leaf that names issuer and serial number of the intermediate',
      'intermediate without keyUsage, with lists',
    ],
  },
  {
    judges: ['envoy'],
    reason:
      'Envoy cannot compare addresses with name constraints and refuses every chain that has such a constraint; RFC 5280 section 4.2.1.10 and pki.md section 5 say how to.',
    cases: [
      'permitted IP 192.0.2.0/24: 192.0.2.255',
      'excluded IP 192.0.2.0/24: 192.0.3.0, which is outside',
      'excluded IP 192.0.2.0/24: an IPv6 address, which is outside',
      'permitted IP 2001:db8::/32: 2001:db8::1',
    ],
  },
  {
    judges: ['gnutls', 'envoy'],
    reason:
      'GnuTLS and Envoy take the first certificate of an issuer by name, an expired one too; OpenSSL prefers a valid one, and so do we.',
    cases: ['two certificates of one intermediate, the first one has ended'],
  },
  {
    judges: ['gnutls'],
    reason:
      'GnuTLS counts self-issued authorities against a path length; RFC 5280 section 4.2.1.9 does not.',
    cases: ['a self-issued intermediate is not counted'],
  },
  {
    judges: ['gnutls'],
    reason: 'GnuTLS refuses every chain with excluded subtrees of a type that it cannot compare.',
    cases: [
      'excluded URI host.test: spiffe://other.test/a, which is outside',
      'excluded directory C=DE, O=Other',
    ],
  },
  {
    judges: ['gnutls'],
    reason:
      'Each certificate of the bundle is an anchor by itself, a leaf too (gateway.md section 4.1(2)).',
    cases: [
      'the leaf itself in the bundle beside the root',
      'a self-signed leaf in the bundle beside a root',
    ],
  },
]
