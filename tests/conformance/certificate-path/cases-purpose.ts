import { encodeDer } from '../../../packages/pki/src/der.ts'
import { sequence } from '../../../packages/pki/src/der-write.ts'
import * as ext from './extensions.ts'
import { casesOf, chain, deepChain, type PathCase } from './path-case.ts'

const purposes = ext.extendedKeyUsage
const usage = ext.keyUsage

/** Netscape's certificate type (2.16.840.1.113730.1.1), which OpenSSL still reads. */
const netscape = (bits: number) =>
  ext.extension('2.16.840.1.113730.1.1', encodeDer(0x03, Uint8Array.of(0, bits)))

/** What a key may be used for: keyUsage of the leaf, extendedKeyUsage along the chain. */
export const purposeCases: readonly PathCase[] = [
  ...casesOf('gateway.md 4.1(3): extendedKeyUsage of the leaf', [
    [
      'leaf for clientAuth and serverAuth',
      'accepted',
      () => chain({ purposes: purposes('serverAuth', 'clientAuth') }),
    ],
    [
      'leaf for serverAuth only',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: purposes('serverAuth') }),
    ],
    [
      'leaf for codeSigning and emailProtection',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: purposes('codeSigning', 'emailProtection') }),
    ],
    [
      'leaf for anyExtendedKeyUsage',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: purposes('anyExtendedKeyUsage') }),
    ],
    [
      'leaf for anyExtendedKeyUsage and clientAuth',
      'accepted',
      () => chain({ purposes: purposes('anyExtendedKeyUsage', 'clientAuth') }),
    ],
    [
      'leaf for a purpose of our own',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: purposes('1.3.6.1.4.1.99999.1') }),
    ],
    ['leaf without extendedKeyUsage', 'accepted', () => chain({ purposes: null })],
    [
      'leaf with an empty extendedKeyUsage',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: purposes() }),
    ],
    [
      'leaf with a critical extendedKeyUsage clientAuth',
      'accepted',
      () => chain({ purposes: ext.criticalExtendedKeyUsage('clientAuth') }),
    ],
    [
      'leaf with a critical extendedKeyUsage serverAuth',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: ext.criticalExtendedKeyUsage('serverAuth') }),
    ],
    [
      'extendedKeyUsage that is no sequence',
      'unreadable',
      () => chain({ purposes: ext.extension('2.5.29.37', Uint8Array.of(5, 0)) }),
    ],
  ]),
  ...casesOf('gateway.md 4.1(3), pki.md 5: extendedKeyUsage of issuers', [
    [
      'intermediate for clientAuth',
      'accepted',
      () => chain({}, { purposes: purposes('clientAuth') }),
    ],
    [
      'intermediate for serverAuth',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({}, { purposes: purposes('serverAuth') }),
    ],
    [
      'intermediate for serverAuth above a leaf without extendedKeyUsage',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ purposes: null }, { purposes: purposes('serverAuth') }),
    ],
    [
      'intermediate for anyExtendedKeyUsage',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({}, { purposes: purposes('anyExtendedKeyUsage') }),
    ],
    [
      'intermediate with an empty extendedKeyUsage',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({}, { purposes: purposes() }),
    ],
    [
      'upper one of two intermediates for serverAuth',
      'EKU_NOT_CLIENT_AUTH',
      () => deepChain(2, (index) => (index === 1 ? { purposes: purposes('serverAuth') } : {})),
    ],
    [
      'root for serverAuth',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({}, {}, { purposes: purposes('serverAuth') }),
    ],
    ['root for clientAuth', 'accepted', () => chain({}, {}, { purposes: purposes('clientAuth') })],
  ]),
  ...casesOf('gateway.md 4.1(3): keyUsage of the leaf', [
    [
      'leaf with keyUsage digitalSignature and keyEncipherment',
      'accepted',
      () => chain({ usage: usage('digitalSignature', 'keyEncipherment') }),
    ],
    [
      'leaf with keyUsage keyEncipherment',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ usage: usage('keyEncipherment'), key: 'rsa2048' }),
    ],
    [
      'leaf with keyUsage keyAgreement',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ usage: usage('keyAgreement') }),
    ],
    [
      'leaf with keyUsage nonRepudiation',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ usage: usage('nonRepudiation') }),
    ],
    ['leaf with keyUsage cRLSign', 'EKU_NOT_CLIENT_AUTH', () => chain({ usage: usage('cRLSign') })],
    ['leaf without keyUsage', 'accepted', () => chain({ usage: null })],
    ['leaf with an empty keyUsage', 'EKU_NOT_CLIENT_AUTH', () => chain({ usage: usage() })],
    [
      'keyUsage that is no bit string',
      'unreadable',
      () => chain({ usage: ext.extension('2.5.29.15', sequence(), true) }),
    ],
    [
      'keyUsage with a bit that must not be there',
      'unreadable',
      () =>
        chain({ usage: ext.extension('2.5.29.15', encodeDer(0x03, Uint8Array.of(7, 0x81)), true) }),
    ],
  ]),
  ...casesOf('what OpenSSL reads beyond RFC 5280', [
    ['leaf of the Netscape type SSL client', 'accepted', () => chain({ more: [netscape(0x80)] })],
    [
      'leaf of the Netscape type SSL server',
      'EKU_NOT_CLIENT_AUTH',
      () => chain({ more: [netscape(0x40)] }),
    ],
    [
      'intermediate of the Netscape type e-mail CA',
      'accepted',
      () => chain({}, { more: [netscape(0x02)] }),
    ],
    [
      'a proxy certificate (RFC 3820)',
      'CHN_BAD_CONSTRAINTS',
      () =>
        chain({
          more: [
            ext.extension(
              '1.3.6.1.5.5.7.1.14',
              sequence(sequence(encodeDer(0x06, Buffer.from('2b06010505071501', 'hex')))),
            ),
          ],
        }),
    ],
  ]),
]
