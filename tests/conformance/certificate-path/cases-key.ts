import { oid, sequence } from '../../../packages/pki/src/der-write.ts'
import { casesOf, chain, type PathCase, type Row } from './path-case.ts'
import { type KeyKind, keyOf, type Signing } from './test-key.ts'

type Verdict = PathCase['verdict']
const weak = 'CHN_BAD_CONSTRAINTS'
const leafKey = (kind: KeyKind, verdict: Verdict): Row => [
  `leaf with a key of type ${kind}`,
  verdict,
  () => chain({ key: kind }),
]
const authorityKey = (kind: KeyKind, verdict: Verdict): Row => [
  `chain of authorities with keys of type ${kind}`,
  verdict,
  () => chain({}, { key: kind }, { key: kind }),
]
const signed = (who: string, kind: KeyKind, signing: Signing, verdict: Verdict): Row => [
  `${who} signed with ${signing} by ${kind}`,
  verdict,
  () =>
    who === 'leaf'
      ? chain({ signing }, { key: kind })
      : who === 'intermediate'
        ? chain({}, { signing }, { key: kind })
        : chain({}, {}, { key: kind, signing }),
]

/** Keys and signatures (pki.md section 3, row "allowed keys", and section 5). */
export const keyCases: readonly PathCase[] = [
  ...casesOf('gateway.md 4.1(3): key of the client', [
    leafKey('rsa2048', 'accepted'),
    leafKey('rsa3072', 'accepted'),
    leafKey('rsa1024', weak),
    leafKey('rsa2047', weak),
    leafKey('rsa-e3', weak),
    leafKey('rsa-pss', weak),
    leafKey('p384', 'accepted'),
    leafKey('p521', 'TLS_NO_CLIENT_CERT'),
    leafKey('p224', weak),
    leafKey('secp256k1', weak),
    leafKey('ed25519', 'TLS_NO_CLIENT_CERT'),
    leafKey('ed448', weak),
  ]),
  ...casesOf('pki.md 3, 5: keys of authorities', [
    authorityKey('rsa2048', 'accepted'),
    authorityKey('rsa1024', weak),
    authorityKey('rsa-pss', weak),
    authorityKey('p384', 'accepted'),
    authorityKey('p521', 'accepted'),
    authorityKey('p224', weak),
    authorityKey('ed25519', 'accepted'),
    ['only the root has a key of RSA 1024', weak, () => chain({}, {}, { key: 'rsa1024' })],
  ]),
  ...casesOf('pki.md 5: signature hash', [
    signed('leaf', 'rsa2048', 'sha1', weak),
    signed('leaf', 'p256', 'sha1', weak),
    signed('leaf', 'rsa2048', 'md5', weak),
    signed('leaf', 'rsa2048', 'sha512', 'accepted'),
    signed('leaf', 'rsa2048', 'pss', 'accepted'),
    signed('leaf', 'p256', 'sha384', 'accepted'),
    signed('intermediate', 'rsa2048', 'sha1', weak),
    signed('intermediate', 'rsa2048', 'md5', weak),
    signed('root', 'rsa2048', 'sha1', 'accepted'),
    signed('root', 'rsa2048', 'md5', 'accepted'),
  ]),
  ...casesOf('RFC 5280 6.1.3(a)(1): signatures', [
    [
      'leaf with the signature of other bytes',
      'TLS_BAD_SIGNATURE',
      () => chain({ signing: 'bad' }),
    ],
    [
      'intermediate with the signature of other bytes',
      'TLS_BAD_SIGNATURE',
      () => chain({}, { signing: 'bad' }),
    ],
    ['root with the signature of other bytes', 'accepted', () => chain({}, {}, { signing: 'bad' })],
    ['leaf signed by a stranger', 'TLS_BAD_SIGNATURE', () => chain({ signedBy: keyOf() })],
    [
      'leaf signed by a stranger, without authorityKeyIdentifier',
      'CHN_UNKNOWN_AUTHORITY',
      () => chain({ signedBy: keyOf(), authorityKeyId: null }),
    ],
    [
      'another algorithm outside than inside',
      'unreadable',
      () => chain({ outerAlgorithm: sequence(oid('1.2.840.10045.4.3.3')) }),
    ],
  ]),
]
