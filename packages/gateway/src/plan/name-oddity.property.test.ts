import { formatName, parseDistinguishedName } from '@twinlatch/pki'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isPlainName } from './name-oddity.ts'

const type = fc.constantFrom('CN', 'C', 'O', 'OU', 'L', 'ST', 'UID', 'DC', 'cn', 'street')
const value = fc.oneof(
  fc.stringMatching(/^[\w.:@()-]+( [\w.:@()-]+)*$/),
  fc.string({ unit: fc.constantFrom(...'aZ 09.:@()-#+=,;"\\/<>*ü\n') }),
)
const text = fc
  .array(fc.tuple(type, value), { minLength: 1, maxLength: 8 })
  .map((parts) => parts.map(([name, content]) => `${name}=${content}`).join(','))

test('a name that is plain is exactly what headers show, in whatever order it is read', () => {
  let plain = 0
  fc.assert(
    fc.property(text, (name) => {
      if (!isPlainName(name)) return
      plain += 1
      expect(formatName(parseDistinguishedName(name).name)).toBe(name)
    }),
    { numRuns: 3_000 },
  )
  expect(plain).toBeGreaterThan(100)
})

test.each([
  ['CN=poster-1 (P000000),L=dev.localhost,OU=Local,O=Twinlatch,C=DE', true],
  ['C=DE,O=Twinlatch,CN=poster', false],
  ['CN=a, O=b', false],
  ['CN=a\\,b,O=c', false],
  ['CN=a,', false],
  ['*CN=a,O=b', false],
  ['/CN=a', false],
])('%s: %s', (name, plain) => {
  expect(isPlainName(name)).toBe(plain)
})
