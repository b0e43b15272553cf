import { encodeDer } from '../../../packages/pki/src/der.ts'
import {
  bitString,
  explicit,
  integer,
  oid,
  sequence,
  setOf,
} from '../../../packages/pki/src/der-write.ts'
import * as ext from './extensions.ts'
import { nameOf } from './mint.ts'
import { casesOf, chain, type PathCase } from './path-case.ts'

const refused = 'CHN_BAD_CONSTRAINTS'
const at = (index: number, value: Uint8Array) => (fields: Uint8Array[]) => fields.with(index, value)
const rawInteger = (...octets: number[]) => encodeDer(0x02, Uint8Array.from(octets))
const no = 'no TLS client loads it'
const again = 'a TLS client writes its outer part in DER again'
const name = (tag: number, ...octets: number[]) =>
  sequence(setOf([sequence(oid('2.5.4.3'), encodeDer(tag, Uint8Array.from(octets)))]))

/** Serial numbers, versions, and bytes that are no DER or no certificate. */
export const formCases: readonly PathCase[] = [
  ...casesOf('RFC 5280 4.1.2.2, pki.md 5: serial numbers', [
    ['serial number 1', 'accepted', () => chain({ serial: integer(1) })],
    ['serial number 0', refused, () => chain({ serial: integer(0) })],
    ['a negative serial number', refused, () => chain({ serial: integer(-5) })],
    [
      'a serial number of 20 octets',
      'accepted',
      () => chain({ serial: integer((1n << 159n) - 1n) }),
    ],
    [
      'a serial number of 21 octets, the first one zero',
      refused,
      () => chain({ serial: integer(1n << 159n) }),
    ],
    ['a serial number of 21 octets', refused, () => chain({ serial: integer(1n << 160n) })],
    ['a padded serial number', 'unreadable', () => chain({ serial: rawInteger(0, 5) })],
    ['an empty serial number', 'unreadable', () => chain({ serial: rawInteger() })],
    ['intermediate with the serial number 0', refused, () => chain({}, { serial: integer(0) })],
    ['root with the serial number 0', 'accepted', () => chain({}, {}, { serial: integer(0) })],
  ]),
  ...casesOf('RFC 5280 4.1.2.1: version', [
    [
      'version 2 without extensions',
      'accepted',
      () =>
        chain({
          version: 2,
          basic: null,
          usage: null,
          purposes: null,
          keyId: null,
          authorityKeyId: null,
        }),
    ],
    ['version 2 with extensions', 'unreadable', () => chain({ version: 2 })],
    ['version 1 with extensions', 'unreadable', () => chain({ fields: ([, ...rest]) => rest })],
    [
      'version 1 written out',
      'accepted',
      () => chain({ version: 1, fields: (fields) => [explicit(0, integer(0)), ...fields] }),
    ],
    ['version 4', 'unreadable', () => chain({ fields: at(0, explicit(0, integer(3))) })],
  ]),
  ...casesOf('X.690, RFC 5280 4.1: malformed certificates', [
    [
      'a byte behind the certificate',
      'unreadable',
      () => chain({ bytes: (der) => Buffer.concat([der, Uint8Array.of(0)]) }),
      no,
    ],
    [
      'a certificate that is cut off',
      'unreadable',
      () => chain({ bytes: (der) => der.subarray(0, -1) }),
      no,
    ],
    ['a length that is not minimal', 'unreadable', () => chain({ bytes: longLength }), again],
    [
      'a length that is not minimal, in the signed part',
      'unreadable',
      () => chain({ fields: at(5, longNamed()) }),
    ],
    [
      'a path length that is not minimal',
      'CHN_UNKNOWN_AUTHORITY',
      () =>
        chain(
          {},
          {
            basic: ext.extension(
              '2.5.29.19',
              sequence(encodeDer(0x01, Uint8Array.of(0xff)), rawInteger(0, 0)),
              true,
            ),
          },
        ),
    ],
    [
      'an indefinite length',
      'unreadable',
      () =>
        chain({
          bytes: (der) =>
            Buffer.concat([
              Uint8Array.of(0x30, 0x80),
              der.subarray(headOf(der)),
              Uint8Array.of(0, 0),
            ]),
        }),
      again,
    ],
    [
      'a field behind the extensions',
      'unreadable',
      () => chain({ fields: (fields) => [...fields, encodeDer(0x05)] }),
      no,
    ],
    [
      'without a subject',
      'unreadable',
      () => chain({ fields: (fields) => fields.toSpliced(5, 1) }),
      no,
    ],
    [
      'a key that is none',
      'CHN_BAD_CONSTRAINTS',
      () =>
        chain({
          fields: at(
            6,
            sequence(
              sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')),
              bitString(Uint8Array.of(4, 1)),
            ),
          ),
        }),
      no,
    ],
    [
      'issuerUniqueID in version 3',
      'accepted',
      () =>
        chain({ fields: (fields) => fields.toSpliced(7, 0, encodeDer(0x81, Uint8Array.of(0, 1))) }),
    ],
    [
      'a common name that is not UTF-8',
      'unreadable',
      () => chain({ name: name(0x0c, 0xc3, 0x28) }),
    ],
    [
      'a common name with a NUL character',
      refused,
      () => chain({ name: name(0x0c, 0x61, 0, 0x62) }),
    ],
    [
      'a common name with a line end',
      refused,
      () => chain({ name: name(0x0c, 0x61, 0x0d, 0x0a, 0x62) }),
    ],
    ['a common name in BMPString', 'accepted', () => chain({ name: name(0x1e, 0, 0x61) })],
    [
      'a relative name that is an empty set',
      'unreadable',
      () => chain({ name: sequence(encodeDer(0x31)) }),
    ],
    [
      'a certificate of more than 64 KiB',
      'unreadable',
      () => chain({ name: name(0x0c, ...new Array<number>(70_000).fill(0x61)) }),
    ],
  ]),
]

function headOf(der: Uint8Array): number {
  return 2 + ((der[1] ?? 0) & 0x7f)
}

// 30 82 hh ll becomes 30 83 00 hh ll.
function longLength(der: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x30, 0x83, 0), der.subarray(2)])
}

// The same, for a name: 30 ll becomes 30 81 ll.
function longNamed(): Uint8Array {
  const name = nameOf('client')
  return Buffer.concat([Uint8Array.of(0x30, 0x81), name.subarray(1)])
}
