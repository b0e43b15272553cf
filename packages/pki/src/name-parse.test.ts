import { describe, expect, test } from 'vitest'
import { PkiError } from './errors.ts'
import { formatName } from './name-format.ts'
import { parseDistinguishedName } from './name-parse.ts'

describe('the five spellings of console-and-cli.md section 7', () => {
  const name = 'CN=a,OU=Y,OU=X,O=Acme,C=DE'

  test.each([
    [name, 'rfc', 'rfc2253'],
    ['CN=a, OU=Y, OU=X, O=Acme, C=DE', 'rfc', 'rfc2253'],
    ['C = DE, O = Acme, OU = X, OU = Y, CN = a', 'der', 'openssl'],
    ['C=DE, O=Acme, OU=X, OU=Y, CN=a', 'der', 'rfc2253'],
    ['/C=DE/O=Acme/OU=X/OU=Y/CN=a', 'rfc', 'slash'],
    ['C=DE\nO=Acme\nOU=X\nOU=Y\nCN=a', 'rfc', 'node'],
    ['subject=C = DE, O = Acme, OU = X, OU = Y, CN = a\n', 'der', 'openssl'],
    ['subject=/C=DE/O=Acme/OU=X/OU=Y/CN=a\n', 'rfc', 'slash'],
    ['cn=a;ou=Y;OU = X;o=Acme;2.5.4.6=DE', 'rfc', 'openssl'],
    ['OID.2.5.4.3=a,oid.2.5.4.11=Y,OU=#0C0158,O="Acme",C=D\\45', 'rfc', 'rfc2253'],
  ] as const)('%j read in %s order is %s', (text, order, spelling) => {
    const parsed = parseDistinguishedName(text, { order })
    expect(formatName(parsed.name)).toBe(name)
    expect(parsed.spelling).toBe(spelling)
  })

  test('comma forms are read in RFC order unless told, and what looks otherwise is warned about', () => {
    const parsed = parseDistinguishedName('C = DE, O = Acme, CN = a')
    expect(formatName(parsed.name)).toBe('C=DE,O=Acme,CN=a')
    expect(parsed.warnings).toHaveLength(1)
    expect(parseDistinguishedName('CN=a,O=Acme,C=DE').warnings).toEqual([])
    expect(parseDistinguishedName('C=DE,O=Acme,CN=a', { order: 'der' }).warnings).toEqual([])
    expect(parseDistinguishedName('CN=a,O=Acme,C=DE', { order: 'der' }).warnings).toHaveLength(1)
  })

  test.each(['', '  ', '\n'])('%j is the empty name', (text) => {
    expect(parseDistinguishedName(text).name.rdns).toEqual([])
  })
})

describe('attribute types', () => {
  test.each([
    ['S', 'ST'],
    ['st', 'ST'],
    ['sn', 'SN'],
    ['surname', 'SN'],
    ['SERIALNUMBER', 'serialNumber'],
    ['G', 'GN'],
    ['givenName', 'GN'],
    ['T', 'title'],
    ['E', 'emailAddress'],
    ['email', 'emailAddress'],
    ['UserId', 'UID'],
    ['DNQ', 'dnQualifier'],
    ['STREET', 'street'],
    ['1.2.3.4', '1.2.3.4'],
  ])('%s means %s', (typed, printed) => {
    const text = formatName(parseDistinguishedName(`${typed}=1`).name)
    expect(text.split('=')[0]).toBe(printed)
  })
})

describe('values', () => {
  test.each([
    [String.raw`CN=a\,b`, 'a,b'],
    [String.raw`CN=\ lead`, ' lead'],
    [String.raw`CN=trail\ `, 'trail '],
    [String.raw`CN=two trail \  `, 'two trail  '],
    ['CN=  blanks around  ', 'blanks around'],
    [String.raw`CN=M\C3\BCller`, 'Müller'],
    [String.raw`CN=a\=b=c`, 'a=b=c'],
    [String.raw`CN=\#x`, '#x'],
    ['CN=a#b', 'a#b'],
    [String.raw`CN="a, \"b\" \\ +c "`, 'a, "b" \\ +c '],
    [String.raw`CN="M\C3\BCller"`, 'Müller'],
    ['CN=', ''],
    ['CN=""', ''],
    ['CN=#0C0141', 'A'],
    ['CN=#1E0200FC', 'ü'],
    [String.raw`CN=admin\00.evil`, 'admin\0.evil'],
    ['/CN=a+b', 'a+b'],
    [String.raw`/CN=M\xC3\xBCller`, 'Müller'],
    [String.raw`/CN=http:\/\/x\/y`, 'http://x/y'],
  ])('%j holds %j', (text, value) => {
    expect(
      parseDistinguishedName(text)
        .name.rdns.flat()
        .map((one) => one.value),
    ).toEqual([value])
  })

  test('a slash nobody escaped is taken with a warning', () => {
    const parsed = parseDistinguishedName('/C=DE/CN=http://x/y')
    expect(parsed.name.rdns.at(-1)?.[0]?.value).toBe('http://x/y')
    expect(parsed.warnings).toHaveLength(1)
  })
})

describe('refused, because it has two readings or none', () => {
  test.each([
    ['no attribute', 'poster'],
    ['an unknown type', 'XX=1'],
    ['an impossible number as type', '1.99.1=x'],
    ['an empty part', 'CN=a,,C=DE'],
    ['a comma at the end', 'CN=a,'],
    ['an unescaped quote', 'CN=a"b'],
    ['an unescaped angle', 'CN=<a>'],
    ['a quote without end', 'CN="a'],
    ['text after a quoted value', 'CN="a"b'],
    ['an escape that does not exist', String.raw`CN=a\b`],
    ['a backslash at the end', 'CN=a\\'],
    ['half an octet', String.raw`CN=a\Cx`],
    ['octets that are not UTF-8', String.raw`CN=M\FCller`],
    ['hex of odd length', 'CN=#0C014'],
    ['hex that is no DER', 'CN=#0C0541'],
    ['hex of a string that is none', 'CN=#0C01FF'],
    ['hex that is no hex', 'CN=#xyz'],
    ['an unescaped comma in lines', 'C=DE\nO=Smith, Inc'],
    ['a NUL', 'CN=a\0b'],
    ['a slash form whose value holds an attribute', String.raw`/CN=a\/OU=Admins`],
    ['a slash form whose escaped value holds an attribute', String.raw`/CN=a\x2FOU=Admins`],
    ['a slash form whose value holds a joined attribute', String.raw`/CN=a\+OU=Admins`],
    ['a slash form with an unknown type', '/CN=a/XX=b'],
    ['a text beyond the limit', `CN=${'x'.repeat(20_000)}`],
    ['more relative names than the limit', 'CN=a,'.repeat(64).concat('CN=a')],
  ])('%s', (_, text) => {
    expect(() => parseDistinguishedName(text)).toThrow(
      expect.objectContaining({ code: 'pki/malformed-name' }),
    )
  })
})

test.each(['\n', ' ', '/', '/a', '+a=', 'a', '\\', '\\C3', '"', '=', '#', ',', '/CN=a', '\r\n '])(
  'a text of %j up to the limit is answered at once',
  (piece) => {
    const text = `CN=${piece.repeat(Math.floor(16_000 / piece.length))}x`
    const started = performance.now()
    for (const input of [text, `/${text}`, text.slice(3)]) {
      try {
        parseDistinguishedName(input)
      } catch (error) {
        expect(error).toBeInstanceOf(PkiError)
      }
    }
    expect(performance.now() - started).toBeLessThan(1000)
  },
)
