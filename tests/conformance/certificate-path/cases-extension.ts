import { encodeDer } from '../../../packages/pki/src/der.ts'
import { integer, oid, sequence } from '../../../packages/pki/src/der-write.ts'
import * as ext from './extensions.ts'
import { authority, client, nameOf } from './mint.ts'
import { casesOf, chain, type PathCase } from './path-case.ts'

const { dns, uri } = ext.general
const stranger = Buffer.alloc(20, 7)
const unknown = (critical: boolean) => ext.extension('1.3.6.1.4.1.99999.7', sequence(), critical)
const policies = (...types: string[]) =>
  ext.extension('2.5.29.32', sequence(...types.map((type) => sequence(oid(type)))), true)
const requireExplicit = (critical: boolean) =>
  ext.extension('2.5.29.36', sequence(encodeDer(0x80, Uint8Array.of(0))), critical)
const inhibitMapping = ext.extension('2.5.29.36', sequence(encodeDer(0x81, Uint8Array.of(0))), true)
const distributionPoint = (critical: boolean) => {
  const fullName = encodeDer(0xa0, encodeDer(0xa0, uri('http://crl.example.test/a.crl')))
  return ext.extension('2.5.29.31', sequence(sequence(fullName)), critical)
}
const keyId = (id: Uint8Array) => ({ authorityKeyId: ext.authorityKeyId({ keyId: id }) })

/** Critical, doubled and malformed extensions, policies, key identifiers. */
export const extensionCases: readonly PathCase[] = [
  ...casesOf('RFC 5280 4.2, 6.1.5(f): unknown critical extensions', [
    [
      'leaf with an unknown extension that is not critical',
      'accepted',
      () => chain({ more: [unknown(false)] }),
    ],
    [
      'leaf with an unknown critical extension',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ more: [unknown(true)] }),
    ],
    [
      'intermediate with an unknown critical extension',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { more: [unknown(true)] }),
    ],
    [
      'root with an unknown critical extension',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, {}, { more: [unknown(true)] }),
    ],
    [
      'leaf with a critical CRL distribution point',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ more: [distributionPoint(true)] }),
    ],
    [
      'leaf with a CRL distribution point that is not critical',
      'accepted',
      () => chain({ more: [distributionPoint(false)] }),
    ],
    [
      'CRL distribution point that is no structure',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ more: [ext.extension('2.5.29.31', Uint8Array.of(5, 0))] }),
    ],
  ]),
  ...casesOf('RFC 5280 4.2: no extension twice', [
    [
      'the same unknown extension twice',
      'unreadable',
      () => chain({ more: [unknown(false), unknown(false)] }),
    ],
    [
      'basicConstraints twice in the leaf',
      'unreadable',
      () => chain({ more: [ext.basicConstraints(true)] }),
    ],
    [
      'extendedKeyUsage twice, serverAuth first',
      'unreadable',
      () =>
        chain({
          purposes: ext.extendedKeyUsage('serverAuth'),
          more: [ext.extendedKeyUsage('clientAuth')],
        }),
    ],
    [
      'basicConstraints twice in the intermediate',
      'CHN_UNKNOWN_AUTHORITY',
      () => chain({}, { more: [ext.basicConstraints(true)] }),
    ],
    [
      'subjectAltName twice',
      'unreadable',
      () => chain({ more: [ext.subjectAltName(dns('a.test')), ext.subjectAltName(dns('b.test'))] }),
    ],
  ]),
  ...casesOf('RFC 5280 4.1: form of extensions', [
    [
      'an empty list of extensions',
      'unreadable',
      () =>
        chain({
          basic: null,
          usage: null,
          purposes: null,
          keyId: null,
          authorityKeyId: null,
          fields: (fields) => [...fields, encodeDer(0xa3, sequence())],
        }),
    ],
    [
      'critical FALSE written out',
      'accepted',
      () =>
        chain({
          more: [
            sequence(
              oid('1.3.6.1.4.1.99999.7'),
              encodeDer(0x01, Uint8Array.of(0)),
              encodeDer(0x04, sequence()),
            ),
          ],
        }),
    ],
    [
      'subjectAltName that is no structure',
      'unreadable',
      () => chain({ more: [ext.extension('2.5.29.17', Uint8Array.of(5, 0))] }),
    ],
    [
      'subjectAltName with an empty list',
      'unreadable',
      () => chain({ more: [ext.subjectAltName()] }),
    ],
    [
      'subjectAltName with an address of five octets',
      'unreadable',
      () => chain({ more: [ext.subjectAltName(ext.general.ip(1, 2, 3, 4, 5))] }),
    ],
    [
      'something behind the value of an extension',
      'unreadable',
      () =>
        chain({
          purposes: ext.extension(
            '2.5.29.37',
            Buffer.concat([sequence(oid('1.3.6.1.5.5.7.3.2')), Uint8Array.of(5, 0)]),
          ),
        }),
    ],
    [
      'empty subject with a critical subjectAltName',
      'accepted',
      () =>
        chain({ name: null, more: [ext.extension('2.5.29.17', sequence(dns('a.test')), true)] }),
    ],
    [
      'empty subject with a subjectAltName that is not critical',
      'accepted',
      () => chain({ name: null, more: [ext.subjectAltName(dns('a.test'))] }),
    ],
    ['empty subject without any other name', 'CHN_BAD_CONSTRAINTS', () => chain({ name: null })],
  ]),
  ...casesOf('pki.md 5: policies are not processed', [
    [
      'critical certificatePolicies',
      'accepted',
      () => chain({ more: [policies('2.5.29.32.0')] }, { more: [policies('2.5.29.32.0')] }),
    ],
    [
      'requireExplicitPolicy with policies along the chain',
      'CHN_BAD_CONSTRAINTS',
      () =>
        chain(
          { more: [policies('1.3.6.1.4.1.99999.2')] },
          { more: [policies('1.3.6.1.4.1.99999.2'), requireExplicit(true)] },
        ),
    ],
    [
      'requireExplicitPolicy and a leaf without policy',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { more: [policies('1.3.6.1.4.1.99999.2'), requireExplicit(true)] }),
    ],
    [
      'requireExplicitPolicy that is not critical',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { more: [requireExplicit(false)] }),
    ],
    [
      'critical inhibitPolicyMapping',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { more: [inhibitMapping] }),
    ],
    [
      'critical inhibitAnyPolicy',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { more: [ext.extension('2.5.29.54', integer(0), true)] }),
    ],
    [
      'certificatePolicies with the same policy twice',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ more: [policies('1.2.3.4', '1.2.3.4')] }),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.1, 4.2.1.2: key identifiers', [
    ['leaf without authorityKeyIdentifier', 'accepted', () => chain({ authorityKeyId: null })],
    ['leaf that names another key', 'CHN_UNKNOWN_AUTHORITY', () => chain(keyId(stranger))],
    [
      'intermediate that names another key',
      'CHN_UNKNOWN_AUTHORITY',
      () => chain({}, keyId(stranger)),
    ],
    ['intermediate without subjectKeyIdentifier', 'accepted', () => chain({}, { keyId: null })],
    [
      'leaf that names a key, issuer without subjectKeyIdentifier',
      'accepted',
      () => chain(keyId(stranger), { keyId: null }),
    ],
    ['root without subjectKeyIdentifier', 'accepted', () => chain({}, {}, { keyId: null })],
    [
      'root whose authorityKeyIdentifier is another key',
      'accepted',
      () => chain({}, {}, keyId(stranger)),
    ],
    [
      'leaf that names issuer and serial number of the intermediate',
      'accepted',
      () => byName('right'),
    ],
    ['leaf that names another serial number', 'CHN_UNKNOWN_AUTHORITY', () => byName('serial')],
    [
      'leaf that names another issuer of its issuer',
      'CHN_UNKNOWN_AUTHORITY',
      () => byName('issuer'),
    ],
    [
      'authorityKeyIdentifier that is no structure',
      'unreadable',
      () => chain({ authorityKeyId: ext.extension('2.5.29.35', Uint8Array.of(5, 0)) }),
    ],
    [
      'critical subjectKeyIdentifier',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ keyId: ext.extension('2.5.29.14', encodeDer(0x04, stranger), true) }),
    ],
    [
      'critical authorityKeyIdentifier',
      'CHN_BAD_CONSTRAINTS',
      () => {
        const { issuing, root } = chain()
        const value = sequence(encodeDer(0x80, issuing.key.id))
        const leaf = client({
          by: issuing,
          authorityKeyId: ext.extension('2.5.29.35', value, true),
        })
        return { leaf, above: [issuing], anchors: [root] }
      },
    ],
  ]),
  ...casesOf('RFC 3779: address blocks', [
    [
      'an address block that the issuer does not hold',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ more: [addressBlock()] }),
    ],
  ]),
]

function byName(which: 'right' | 'serial' | 'issuer') {
  const root = authority()
  const issuing = authority({ name: 'Issuing', by: root })
  const issuer = which === 'issuer' ? nameOf('Somebody') : issuing.issuer
  const serial = which === 'serial' ? integer(12345) : issuing.serial
  const leaf = client({ by: issuing, authorityKeyId: ext.authorityKeyId({ issuer, serial }) })
  return { leaf, above: [issuing], anchors: [root] }
}

// 10.0.0.0/8 of IPv4, as id-pe-ipAddrBlocks.
function addressBlock(): Uint8Array {
  const prefix = encodeDer(0x03, Uint8Array.of(0, 10))
  const family = sequence(encodeDer(0x04, Uint8Array.of(0, 1)), sequence(prefix))
  return ext.extension('1.3.6.1.5.5.7.1.7', sequence(family))
}
