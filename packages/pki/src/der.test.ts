import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeDer, readDer } from './der.ts'
import { readBitString, readBoolean, readInteger, readOctets } from './der-read.ts'
import { integer, namedBits, sequence, setOf } from './der-write.ts'
import { PkiError } from './errors.ts'
import { decodeOid, encodeOid, isOid } from './oid.ts'

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const hex = (octets: Uint8Array) => Buffer.from(octets).toString('hex')

describe('strict DER', () => {
  test.each([
    ['a length longer than needed', '04 81 01 00'],
    ['a length with a leading zero', '04 82 00 80'],
    ['an indefinite length', '24 80 04 01 00 00 00'],
    ['a constructed octet string', '24 03 04 01 00'],
    ['bytes after the end', '04 01 00 00'],
    ['a length past the end', '04 02 00'],
    ['a child past the end of its parent', '30 03 04 02 00 00'],
    ['a length of five octets', '04 85 00 00 00 00 01 00'],
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a tag number without end', '1f ff ff ff ff ff 00'],
    ['a small tag number in the long form', '1f 02 01 00'],
    ['a tag number that begins with zeros', '1f 80 22 01 00'],
    ['an end mark where nothing ends', '30 02 00 00'],
    ['a sequence that is not constructed', '10 00'],
    ['a set that is not constructed', '11 01 00'],
  ])('%s is refused', (_, encoding) => {
    expect(() => readDer(bytes(encoding))).toThrow(PkiError)
  })

  test('a tag number above 30 is passed over, as strangers may use one', () => {
    expect(readDer(bytes('9f 81 01 01 aa')).content).toEqual(bytes('aa'))
  })

  test('nesting deeper than allowed is refused, one level less is read', () => {
    const nest = (depth: number): Uint8Array =>
      depth === 0 ? new Uint8Array() : sequence(nest(depth - 1))
    expect(readDer(nest(16)).tag).toBe(0x30)
    expect(() => readDer(nest(17))).toThrow(/nested deeper than 16/)
  })

  test('more elements than allowed are refused', () => {
    const many = sequence(...Array.from({ length: 20 }, () => bytes('05 00')))
    expect(readDer(many, { nodesMax: 21 }).children).toHaveLength(20)
    expect(() => readDer(many, { nodesMax: 20 })).toThrow(/too many elements/)
  })

  test('more bytes than allowed are refused before they are read', () => {
    expect(() => readDer(new Uint8Array(11), { bytesMax: 10 })).toThrow(/at most 10/)
  })
})

describe('BER, for keystores of other makers', () => {
  test('an octet string in pieces is joined', () => {
    const node = readDer(bytes('24 80 04 02 01 02 24 03 04 01 03 00 00'), { ber: true })
    expect(readOctets(node)).toEqual(Buffer.from([1, 2, 3]))
  })

  test('an indefinite length without end mark is refused', () => {
    expect(() => readDer(bytes('30 80 04 01 00'), { ber: true })).toThrow(PkiError)
    expect(() => readDer(bytes('30 80 04 01 00 00'), { ber: true })).toThrow(PkiError)
  })

  test('the end mark belongs to the encoding, not to the content', () => {
    const node = readDer(bytes('30 80 05 00 00 00'), { ber: true })
    expect(hex(node.content)).toBe('0500')
    expect(node.raw).toHaveLength(6)
  })
})

describe('values', () => {
  test.each([
    [0n, '020100'],
    [127n, '02017f'],
    [128n, '02020080'],
    [256n, '02020100'],
    [-1n, '0201ff'],
    [-128n, '020180'],
    [-129n, '0202ff7f'],
  ])('the integer %s is %s', (value, encoding) => {
    expect(hex(integer(value))).toBe(encoding)
    expect(readInteger(readDer(bytes(encoding)))).toBe(value)
  })

  test.each(['02020001', '0202ff80', '0200'])(
    'the padded or empty integer %s is refused',
    (text) => {
      expect(() => readInteger(readDer(bytes(text)))).toThrow(PkiError)
    },
  )

  test('a boolean is 00 or ff', () => {
    expect(readBoolean(readDer(bytes('0101ff')))).toBe(true)
    expect(() => readBoolean(readDer(bytes('010101')))).toThrow(PkiError)
  })

  test('named bits have no trailing zero bits', () => {
    expect(hex(namedBits([0]))).toBe('03020780')
    expect(hex(namedBits([5, 6]))).toBe('03020106')
    expect(hex(namedBits([8]))).toBe('0303070080')
  })

  test('unused bits that are set are refused', () => {
    expect(() => readBitString(readDer(bytes('03020781')))).toThrow(PkiError)
  })

  test('a set is sorted by its encodings', () => {
    expect(hex(setOf([bytes('0c0162'), bytes('0c0161')]))).toBe('31060c01610c0162')
  })
})

describe('object identifiers', () => {
  test.each([
    ['2.5.4.3', '550403'],
    ['1.2.840.113549.1.9.1', '2a864886f70d010901'],
    ['2.999.1', '883701'],
    ['0.9.2342.19200300.100.1.25', '0992268993f22c640119'],
  ])('%s is %s', (text, encoding) => {
    expect(hex(encodeOid(text))).toBe(encoding)
    expect(decodeOid(bytes(encoding))).toBe(text)
  })

  test.each(['', '1', '3.1', '1.40', '1.2.', '1.02', 'a.b', '1.2.-3'])('%s is none', (text) => {
    expect(isOid(text)).toBe(false)
  })

  test.each(['', '80', '5580', '558003'])('the octets %s are none', (encoding) => {
    expect(() => decodeOid(bytes(encoding))).toThrow(PkiError)
  })
})

describe('any bytes', () => {
  test('reading ends, with a structure or a PkiError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (input, ber) => {
        try {
          readDer(input, { ber })
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
    )
  })

  test('what was encoded reads back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70_000 }), (content) => {
        const node = readDer(encodeDer(0x04, content))
        expect(Buffer.compare(node.content, content)).toBe(0)
      }),
      { numRuns: 30 },
    )
    fc.assert(
      fc.property(fc.bigInt(), (value) => {
        expect(readInteger(readDer(integer(value)))).toBe(value)
      }),
    )
  })
})
