import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeDestination, encodeDestination, parseDestination } from './destination.ts'
import { isSecretProperty, withoutSecrets } from './secret-properties.ts'

const plain = { Name: 'd', Type: 'HTTP', URL: 'https://api.example.test/base' }
const basic = { ...plain, Authentication: 'BasicAuthentication', User: 'u', Password: 'p' }
const mutual = {
  ...plain,
  Authentication: 'ClientCertificateAuthentication',
  KeyStoreLocation: 'tech-user.p12',
}

describe('a destination', () => {
  test.each([
    ['of the least properties', plain],
    ['of a name with every character that may occur', { ...plain, Name: 'A.b_c~d-9' }],
    [
      'with properties of its own',
      { ...plain, 'HTML5.DynamicDestination': 'true', 'sap-client': '100' },
    ],
    ['with user and password', basic],
    ['with a keystore', { ...mutual, KeyStorePassword: 'x', TrustStoreLocation: 'ca.pem' }],
    [
      'whose client brings the keystore',
      {
        ...plain,
        Authentication: 'ClientCertificateAuthentication',
        'KeyStore.Source': 'ClientProvided',
      },
    ],
    ['with PEM in a property of its own', { ...plain, 'x.pem': 'a\nb\n' }],
    ['over plain http', { ...plain, URL: 'http://localhost:8080' }],
  ])('%s is accepted', (_name, json) => {
    expect(parseDestination(json).properties.get('Name')).toBe(json.Name)
  })

  test('numbers and booleans become texts, in the order they came', () => {
    const { properties } = parseDestination({ ...plain, 'HTML5.Timeout': 1000, TrustAll: false })
    expect([...properties].slice(-2)).toEqual([
      ['HTML5.Timeout', '1000'],
      ['TrustAll', 'false'],
    ])
  })

  test.each([
    ['an array', [], /flat JSON object/],
    ['null', null, /flat JSON object/],
    ['a nested property', { ...plain, a: { b: 1 } }, /property a must be a text/],
    // The schema's library measures whatever has a length, a text or not.
    [
      'a length that is no number',
      { ...plain, a: { length: { toString: 1 } } },
      /a must be a text/,
    ],
    ['a property that is null', { ...plain, a: null }, /property a must be a text/],
    ['no name', { Type: 'HTTP', URL: plain.URL }, /Name must be/],
    ['a name with a slash', { ...plain, Name: 'a/b' }, /Name must be/],
    ['the name ..', { ...plain, Name: '..' }, /Name must be/],
    ['a name of 201 characters', { ...plain, Name: 'a'.repeat(201) }, /Name must be/],
    ['no type', { Name: 'd', URL: plain.URL }, /Type is missing/],
    ['no URL', { Name: 'd', Type: 'HTTP' }, /URL is missing/],
    ['a relative URL', { ...plain, URL: '/base' }, /absolute/],
    ['a URL of another scheme', { ...plain, URL: 'file:///etc/passwd' }, /absolute/],
    ['a URL without a host', { ...plain, URL: 'https:///x' }, /absolute/],
    ['a URL with a line break', { ...plain, URL: 'https://a.test/\r\nX: y' }, /control characters/],
    [
      'credentials in the URL',
      { ...plain, URL: 'https://user:hunter2@a.test' },
      /must not hold a user/,
    ],
    [
      'a line break in a header property',
      { ...plain, 'URL.headers.x': 'a\r\nb: c' },
      /control characters/,
    ],
    [
      'another spelling of a known property',
      { ...plain, authentication: 'BasicAuthentication' },
      /spelled Authentication/,
    ],
    ['a user without a password', { ...plain, User: 'u' }, /together/],
    ['Basic without a password', { ...basic, Password: '' }, /Password is missing/],
    ['Basic with a colon in the user', { ...basic, User: 'a:b' }, /must not contain ":"/],
    ['a client certificate over http', { ...mutual, URL: 'http://a.test' }, /https:/],
    [
      'a client certificate without a keystore',
      { ...mutual, KeyStoreLocation: '' },
      /KeyStoreLocation is missing/,
    ],
    ['a keystore that can hold no key', { ...mutual, KeyStoreLocation: 'a.crt' }, /private key/],
    [
      'an unknown keystore source',
      { ...mutual, 'KeyStore.Source': 'Elsewhere' },
      /KeyStore.Source/,
    ],
    [
      'a trust store that is no certificate name',
      { ...plain, TrustStoreLocation: 'ca' },
      /TrustStoreLocation/,
    ],
  ])('is refused with the reason: %s', (_name, json, text) => {
    expect(() => parseDestination(json)).toThrow(
      expect.objectContaining({
        code: 'destinations/invalid-destination',
        message: expect.stringMatching(text),
      }),
    )
  })

  test.each([
    ['Authentication', 'OAuth2ClientCredentials'],
    ['Authentication', 'OAuth2SAMLBearerAssertion'],
    ['Authentication', 'PrincipalPropagation'],
    ['Authentication', 'OAuth2TokenExchange'],
    ['Type', 'RFC'],
    ['Type', 'LDAP'],
    ['ProxyType', 'OnPremise'],
    ['ProxyType', 'PrivateLink'],
  ])('%s %s is refused by name, with what is built', (property, value) => {
    const text = new RegExp(`${property} ${value} is not built yet; built: `)
    expect(() => parseDestination({ ...plain, [property]: value })).toThrow(
      expect.objectContaining({
        code: 'destinations/unsupported',
        message: expect.stringMatching(text),
      }),
    )
  })

  test('the kinds that are built are listed when another is asked for', () => {
    expect(() => parseDestination({ ...plain, Authentication: 'Magic' })).toThrow(
      /NoAuthentication, BasicAuthentication, ClientCertificateAuthentication/,
    )
  })

  test('all faults are told at once, and none repeats a value', () => {
    const json = { ...basic, Name: 'a b', URL: 'hunter2', Password: '', User: 'hunter2:x' }
    expect(() => parseDestination(json)).toThrow(/Name.*URL.*together.*Password.*User/s)
    expect(() => parseDestination(json)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })

  test('any JSON is accepted or refused with a code, and what is accepted is stored as it came', () => {
    const values = fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.constant(null))
    const objects = fc
      .tuple(fc.dictionary(fc.string(), values), fc.subarray(['Name', 'Type', 'URL']))
      .map(([open, keys]) => ({
        ...open,
        ...Object.fromEntries(keys.map((key) => [key, plain[key as 'Name']])),
      }))
    fc.assert(
      fc.property(fc.oneof(objects, fc.jsonValue()), (json) => {
        try {
          const parsed = parseDestination(json)
          expect(decodeDestination(parsed.name, encodeDestination(parsed))).toEqual(parsed)
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^destinations\//) })
        }
      }),
    )
  })

  test('a property named __proto__ is a property like any other', () => {
    const json = JSON.parse(`{"Name":"d","Type":"HTTP","URL":"https://a.test","__proto__":"x"}`)
    expect(parseDestination(json).properties.get('__proto__')).toBe('x')
  })
})

describe('a property is a secret by its name', () => {
  test.each([
    'Password',
    'KeyStorePassword',
    'TrustStorePassword',
    'clientSecret',
    'tokenServicePassword',
    'tokenService.KeyStorePassword',
    'URL.headers.Authorization',
    'URL.headers.X-API-Key',
    'URL.queries.apikey',
    'tokenService.body.client_secret',
    'tokenServiceURL.headers.Cookie',
  ])('%s is', (name) => {
    expect(isSecretProperty(name)).toBe(true)
  })

  test.each([
    'Name',
    'URL',
    'User',
    'KeyStoreLocation',
    'HTML5.ForwardAuthToken',
    'clientId',
    'URL.headers.Accept',
    'tokenServiceURL',
  ])('%s is not', (name) => {
    expect(isSecretProperty(name)).toBe(false)
  })

  test('secrets are left out and everything else stays', () => {
    const properties = new Map([
      ['User', 'u'],
      ['Password', 'p'],
      ['URL', 'x'],
    ])
    expect([...withoutSecrets(properties).keys()]).toEqual(['User', 'URL'])
  })
})
