import { describe, expect, test } from 'vitest'
import { encodeDer } from './der.ts'
import { oid as oidDer, sequence } from './der-write.ts'
import { parseNameDer } from './name.ts'
import { nameFromValues } from './name-build.ts'
import { compareNames, equalNames, nameKey } from './name-compare.ts'
import { parseDistinguishedName } from './name-parse.ts'

const read = (text: string) => parseDistinguishedName(text).name
const value = (oid: string, tag: number, text: string) =>
  nameFromValues([[{ oid, der: encodeDer(tag, Buffer.from(text, 'latin1')) }]])

describe('the rule match (pki.md section 2.4)', () => {
  test.each([
    ['CN=a,O=Acme,C=DE', '/C=DE/O=Acme/CN=a', true],
    ['CN=a, O=Acme, C=DE', 'C=DE\nO=Acme\nCN=a', true],
    ['O=A+CN=b', 'CN=b+O=A', true],
    ['CN=a,O=Acme,C=DE', 'C=DE,O=Acme,CN=a', false],
    ['OU=X,OU=Y', 'OU=Y,OU=X', false],
    ['OU=X,OU=X', 'OU=X', false],
    ['CN=A', 'CN=a', false],
    ['CN=a b', 'CN=a  b', false],
    ['CN=\u00e9', 'CN=e\u0301', false],
    ['O=A+CN=b', 'O=A,CN=b', false],
    [String.raw`CN=a\,OU=Admins`, 'CN=a,OU=Admins', false],
    [String.raw`CN=a\+OU=Admins`, 'CN=a+OU=Admins', false],
    ['ST=x', 'S=x', true],
    ['SN=x', 'serialNumber=x', false],
    ['', '', true],
    ['', 'CN=', false],
  ])('%j and %j: %s', (left, right, equal) => {
    expect(equalNames(read(left), read(right))).toBe(equal)
    expect(nameKey(read(left)) === nameKey(read(right))).toBe(equal)
    expect(compareNames(read(left), read(right)).equal).toBe(equal)
  })

  test('a set counts as a set, also where a maker forgot to sort it', () => {
    const attribute = (oid: string, text: string) =>
      sequence(oidDer(oid), encodeDer(0x0c, Buffer.from(text)))
    const longest = attribute('2.5.4.3', 'longest')
    const unsorted = encodeDer(0x31, longest, attribute('2.5.4.10', 'A'))
    const name = parseNameDer(sequence(unsorted))
    expect(name.rdns[0]?.map(({ value: text }) => text)).toEqual(['longest', 'A'])
    expect(equalNames(name, read('CN=longest+O=A'))).toBe(true)
  })

  test('the string type does not count for a known attribute', () => {
    expect(equalNames(value('2.5.4.3', 0x13, 'a'), value('2.5.4.3', 0x0c, 'a'))).toBe(true)
  })

  test('it does for one that Envoy prints as hex, as its text compare would say', () => {
    expect(equalNames(value('2.5.4.97', 0x13, 'a'), value('2.5.4.97', 0x0c, 'a'))).toBe(false)
  })

  test('a value that is no text is not the text of its hex', () => {
    const octets = value('2.5.4.3', 0x04, 'a')
    expect(equalNames(octets, value('2.5.4.3', 0x0c, '#040161'))).toBe(false)
    expect(equalNames(octets, read('CN=#040161'))).toBe(true)
  })
})

describe('what differs', () => {
  test('one attribute, counted in RFC order from 1', () => {
    const wanted = read('CN=orders-client,OU=Partners,O=Example,C=DE')
    const got = read('CN=orders-client,OU=Clients,O=Example,C=DE')
    expect(compareNames(wanted, got)).toEqual({
      equal: false,
      relation: 'different',
      differences: [{ index: 2, left: 'OU=Partners', right: 'OU=Clients' }],
    })
  })

  test('a part that only one side has is one difference, not a shifted list', () => {
    const { differences } = compareNames(read('CN=a,OU=X,O=Acme,C=DE'), read('CN=a,O=Acme,C=DE'))
    expect(differences).toEqual([{ index: 2, left: 'OU=X', right: null }])
    expect(compareNames(read('CN=a,C=DE'), read('CN=a,O=Acme,C=DE')).differences).toEqual([
      { index: 2, left: null, right: 'O=Acme' },
    ])
  })

  test('the empty name lacks everything', () => {
    const { differences, relation } = compareNames(read(''), read('CN=a,C=DE'))
    expect(relation).toBe('different')
    expect(differences.map(({ right }) => right)).toEqual(['CN=a', 'C=DE'])
  })

  test.each([
    ['CN=A,O=ACME', 'CN=a,O=Acme'],
    ['CN=a b', 'CN=a  b'],
    ['CN=Caf\u00e9', 'CN=Cafe\u0301'],
    ['CN=STRASSE', 'CN=straße'],
  ])('%j and %j are equal under RFC 5280 folding only', (left, right) => {
    expect(compareNames(read(left), read(right)).relation).toBe('same-folded')
  })

  test('the same parts in the opposite order are told as reversed', () => {
    const { equal, relation } = compareNames(read('CN=a,O=Acme,C=DE'), read('C=DE,O=Acme,CN=a'))
    expect(equal).toBe(false)
    expect(relation).toBe('reversed')
  })
})
