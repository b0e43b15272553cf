import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeDer } from './der.ts'
import { PkiError } from './errors.ts'
import { hasControlCharacters, type Name, parseNameDer } from './name.ts'
import { buildName, nameFromValues } from './name-build.ts'
import { equalNames } from './name-compare.ts'
import { formatName } from './name-format.ts'
import { parseDistinguishedName } from './name-parse.ts'

const latin1 = (tag: number, text: string) => encodeDer(tag, Buffer.from(text, 'latin1'))
const utf8 = (text: string) => encodeDer(0x0c, Buffer.from(text, 'utf8'))
const bmp = (text: string) => encodeDer(0x1e, Buffer.from(text, 'utf16le').swap16())

const types = new Map([
  ['CN', '2.5.4.3'],
  ['C', '2.5.4.6'],
  ['O', '2.5.4.10'],
  ['OU', '2.5.4.11'],
  ['UID', '0.9.2342.19200300.100.1.1'],
  ['DC', '0.9.2342.19200300.100.1.25'],
  ['email', '1.2.840.113549.1.9.1'],
  ['organizationIdentifier', '2.5.4.97'],
])

type Typed = readonly [string, string | Uint8Array]

/** A name with exactly these values, forbidden ones too; `[[...], [...]]` inside is one RDN. */
function nameOf(...rdns: readonly (readonly Typed[])[]): Name {
  return nameFromValues(
    rdns.map((rdn) =>
      rdn.map(([type, value]) => ({
        oid: types.get(type) ?? type,
        der: typeof value === 'string' ? utf8(value) : value,
      })),
    ),
  )
}

const single = (...attributes: readonly Typed[]) => nameOf(...attributes.map((one) => [one]))

describe('the text Envoy prints (gateway.md section 8.1)', () => {
  test.each<[Name, string]>([
    [
      single(['C', 'DE'], ['O', 'Sue, Grabbit and Runn'], ['CN', 'L. Eagle']),
      String.raw`CN=L. Eagle,O=Sue\, Grabbit and Runn,C=DE`,
    ],
    [
      nameOf(
        [
          ['O', 'A'],
          ['CN', 'J. Smith'],
        ],
        [['C', 'US']],
      ),
      'C=US,CN=J. Smith+O=A',
    ],
    [
      single(['CN', '#start'], ['O', ' lead '], ['OU', 'a"b<c>d;e=f']),
      String.raw`OU=a\"b\<c\>d\;e=f,O=\ lead\ ,CN=\#start`,
    ],
    [
      single(
        ['CN', 'Müller GmbH'],
        ['email', latin1(0x16, 'a@b.c')],
        ['UID', 'u1'],
        ['DC', latin1(0x16, 'corp')],
      ),
      String.raw`DC=corp,UID=u1,emailAddress=a@b.c,CN=M\C3\BCller GmbH`,
    ],
    [single(['CN', String.raw`a+b\c`], ['O', 'x/y']), String.raw`O=x/y,CN=a\+b\\c`],
    [single(['CN', 'tab\tx']), String.raw`CN=tab\09x`],
    [single(['CN', 'a\r\nx']), String.raw`CN=a\0D\0Ax`],
    [single(['CN', 'admin\0.evil']), String.raw`CN=admin\00.evil`],
    [
      single(['CN', 'a";Hash=00;Subject="CN=admin']),
      String.raw`CN=a\"\;Hash=00\;Subject=\"CN=admin`,
    ],
    [single(['CN', bmp('Müller')]), String.raw`CN=M\C3\BCller`],
    [single(['CN', latin1(0x14, 'Müller')]), String.raw`CN=M\C3\BCller`],
    [
      single(['organizationIdentifier', 'VATDE-1'], ['CN', 'x']),
      'CN=x,2.5.4.97=#0C0756415444452D31',
    ],
    [single(['1.3.6.1.4.1.311.60.2.1.3', 'DE']), '1.3.6.1.4.1.311.60.2.1.3=#0C024445'],
    [single(['0.9.2342.19200300.100.1.44', 'x']), '0.9.2342.19200300.100.1.44=#0C0178'],
    [single(['CN', '  two lead'], ['O', 'two trail  ']), String.raw`O=two trail \ ,CN=\  two lead`],
    [single(['CN', encodeDer(0x02, Uint8Array.of(5))]), 'CN=#020105'],
    [single(['CN', '']), 'CN='],
    [single(), ''],
  ])('vector %#', (name, text) => {
    expect(formatName(name)).toBe(text)
  })

  test('a relative name of several attributes is printed against its stored order', () => {
    const name = nameOf([
      ['UID', 'u1'],
      ['OU', 'A'],
      ['CN', 'multi'],
    ])
    expect(formatName(name)).toBe('UID=u1+CN=multi+OU=A')
    expect(formatName(name, 'slash')).toBe('/OU=A+CN=multi+UID=u1')
    expect(formatName(name, 'java')).toBe('OU=A + CN=multi + UID=u1')
    for (const spelling of ['rfc2253', 'slash', 'java'] as const) {
      const again = parseDistinguishedName(formatName(name, spelling)).name
      expect(equalNames(again, name)).toBe(true)
    }
  })
})

describe('one name, many spellings (pki.md section 2.3)', () => {
  test.each<[Name, { rfc: string; slash: string; java: string }]>([
    [
      single(['C', 'DE'], ['O', 'Smith, Inc. <x>/y']),
      {
        rfc: String.raw`O=Smith\, Inc. \<x\>/y,C=DE`,
        slash: String.raw`/C=DE/O=Smith, Inc. <x>\/y`,
        java: 'O="Smith, Inc. <x>/y", C=DE',
      },
    ],
    [
      single(['O', 'Müller GmbH'], ['CN', 'Zoë 東京']),
      {
        rfc: String.raw`CN=Zo\C3\AB \E6\9D\B1\E4\BA\AC,O=M\C3\BCller GmbH`,
        slash: String.raw`/O=M\xC3\xBCller GmbH/CN=Zo\xC3\xAB \xE6\x9D\xB1\xE4\xBA\xAC`,
        java: 'CN=Zoë 東京, O=Müller GmbH',
      },
    ],
    [
      single(['DC', latin1(0x16, 'com')], ['DC', latin1(0x16, 'example')], ['CN', 'h']),
      {
        rfc: 'CN=h,DC=example,DC=com',
        slash: '/DC=com/DC=example/CN=h',
        java: 'CN=h, DC=example, DC=com',
      },
    ],
    [single(['CN', '#abc']), { rfc: String.raw`CN=\#abc`, slash: '/CN=#abc', java: 'CN="#abc"' }],
    [
      single(['email', latin1(0x16, 'a@b.c')]),
      { rfc: 'emailAddress=a@b.c', slash: '/emailAddress=a@b.c', java: 'EMAILADDRESS=a@b.c' },
    ],
    [
      single(['CN', String.raw` lead#; "q" \ + =trail `]),
      {
        rfc: String.raw`CN=\ lead#\; \"q\" \\ \+ =trail\ `,
        slash: String.raw`/CN= lead#; "q" \ \+ =trail `,
        java: String.raw`CN=" lead#; \"q\" \\ + =trail "`,
      },
    ],
  ])('%# is written and read alike', (name, { rfc, slash, java }) => {
    expect(formatName(name)).toBe(rfc)
    expect(formatName(name, 'slash')).toBe(slash)
    expect(formatName(name, 'java')).toBe(java)
    for (const text of [rfc, slash, java]) {
      expect(formatName(parseDistinguishedName(text).name)).toBe(rfc)
    }
  })

  test('openssl 3 and Node print the order of the certificate', () => {
    const name = single(['C', 'FR'], ['O', 'Partner, Inc'], ['CN', 'erp'])
    expect(formatName(name, 'openssl')).toBe('C = FR, O = "Partner, Inc", CN = erp')
    expect(formatName(name, 'node')).toBe('C=FR\nO=Partner\\, Inc\nCN=erp')
  })
})

describe('building', () => {
  test('country and serial number are PrintableString, domain and e-mail IA5String, others UTF8String', () => {
    const name = buildName([
      { type: 'C', value: 'DE' },
      { type: 'DC', value: 'example' },
      { type: 'E', value: 'a@b.c' },
      { type: 'serialNumber', value: '12' },
      { type: 'CN', value: 'x' },
    ])
    const tags = ['printable', 'ia5', 'ia5', 'printable', 'utf8']
    expect(name.rdns.map(([attribute]) => attribute?.tag)).toEqual(tags)
  })

  test.each([
    ['CN', 'x'.repeat(64), 'x'.repeat(65)],
    ['OU', 'ü'.repeat(64), 'ü'.repeat(65)],
    ['O', '😀'.repeat(64), '😀'.repeat(65)],
    ['L', 'x'.repeat(128), 'x'.repeat(129)],
    ['C', 'DE', 'DEU'],
    ['C', 'DE', 'D1'],
    ['E', 'a@b.c', 'ü@b.c'],
    ['CN', 'plain', 'new\nline'],
    ['CN', 'plain', 'abc\u202Edef'],
    ['CN', 'plain', ''],
    ['serialNumber', 'A-1', 'A_1'],
  ])('%s takes "%s" and refuses "%s"', (type, good, bad) => {
    expect(buildName([{ type, value: good }]).rdns).toHaveLength(1)
    expect(() => buildName([{ type, value: bad }])).toThrow(
      expect.objectContaining({ code: 'pki/name-forbidden' }),
    )
  })

  test('an inner list is one relative name', () => {
    const name = buildName([
      { type: 'C', value: 'US' },
      [
        { type: 'O', value: 'A' },
        { type: 'CN', value: 'b' },
      ],
    ])
    expect(name.rdns.map((rdn) => rdn.length)).toEqual([1, 2])
  })
})

describe('bytes of a name', () => {
  test('are kept as they came', () => {
    const { raw } = single(['C', latin1(0x13, 'DE')], ['CN', bmp('x')])
    expect(parseNameDer(raw).raw).toEqual(raw)
  })

  test.each([
    ['broken UTF-8', latin1(0x0c, '\xff')],
    ['a surrogate in a BMPString', encodeDer(0x1e, Uint8Array.of(0xd8, 0x3d))],
    ['half a character', encodeDer(0x1e, Uint8Array.of(0))],
    ['a number beyond Unicode', encodeDer(0x1c, Uint8Array.of(0, 0x11, 0, 0))],
  ])('%s is refused', (_, value) => {
    expect(() => single(['CN', value])).toThrow(
      expect.objectContaining({ code: 'pki/malformed-name' }),
    )
  })

  test.each([
    ['a\tb', true],
    ['a\0b', true],
    ['a\x7fb', true],
    ['a b', false],
    ['Zoë 東京', false],
  ])('control characters in %j: %s', (value, found) => {
    expect(hasControlCharacters(single(['O', 'x'], ['CN', value]))).toBe(found)
  })

  test('any bytes give a name or a PkiError, and a name gives its bytes again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (input) => {
        try {
          expect(Buffer.compare(parseNameDer(input).raw, input)).toBe(0)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
    )
  })
})

const stringDer = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).map(utf8),
  fc.string({ unit: fc.constantFrom(...' ,+"\\<>;=#/aü'), maxLength: 8 }).map(utf8),
  fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => latin1(0x13, text)),
  fc.uint8Array({ maxLength: 20 }).map((octets) => encodeDer(0x14, octets)),
  fc.uint8Array({ maxLength: 8 }).map((octets) => encodeDer(0x04, octets)),
)
const attribute = fc.record({
  oid: fc.constantFrom(...types.values(), '1.2.3.4', '2.5.4.5', '1.3.6.1.4.1.311.20.2.3'),
  der: stringDer,
})
const anyName = fc
  .array(fc.array(attribute, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map(nameFromValues)

test('whatever a certificate holds, its RFC 4514 text reads back as the same name', () => {
  fc.assert(
    fc.property(anyName, (name) => {
      const text = formatName(name)
      const { name: again, spelling } = parseDistinguishedName(text)
      expect(spelling).toBe('rfc2253')
      expect(formatName(parseNameDer(again.raw))).toBe(formatName(again))
      expect(equalNames(again, name)).toBe(true)
    }),
    { numRuns: 500 },
  )
})

test('whatever is typed, the parser ends with a name or a PkiError', () => {
  const piece = fc.constantFrom(...'=,+"\\/#;<> \n', 'CN', 'C', 'x', '\\C3', '\\x4', '2.5.4.3', 'é')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.boolean(), (pieces, der) => {
      try {
        parseDistinguishedName(pieces.join(''), { order: der ? 'der' : 'rfc' })
      } catch (error) {
        expect(error).toBeInstanceOf(PkiError)
      }
    }),
    { numRuns: 2000 },
  )
})
