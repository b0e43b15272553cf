import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeNearMiss, markDifference } from './near-miss.ts'

const wanted = 'CN=poster-quovadis,OU=Canary,O=Dev,C=DE'

test.each([
  ['CN=poster-quovadis,OU=Clients,O=Dev,C=DE', 'RDN 2: OU=Canary / OU=Clients'],
  [
    'CN=other,OU=Clients,O=Dev,C=DE',
    'RDN 1: CN=poster-quovadis / CN=other; RDN 2: OU=Canary / OU=Clients',
  ],
  ['C=DE,O=Dev,OU=Canary,CN=poster-quovadis', 'the same parts in reversed order'],
  ['CN=POSTER-QUOVADIS,OU=Canary,O=Dev,C=DE', 'equal but for case, blanks or Unicode form'],
  ['', 'the value is empty'],
  [null, 'there is no such value'],
])('wanted %s, got %s', (got, difference) => {
  expect(describeNearMiss(wanted, got)).toBe(difference)
})

test('one name in another spelling is called that', () => {
  expect(describeNearMiss('/C=DE/O=Dev/OU=Canary/CN=poster-quovadis', wanted)).toContain(
    'another spelling',
  )
})

test.each([
  ['/headers', '/headerz', 'different from character 8 on'],
  ['GET', 'get', 'equal but for upper and lower case'],
  ['a', 'z', 'another value'],
])('%s and %s are compared as texts', (a, b, difference) => {
  expect(describeNearMiss(a, b)).toBe(difference)
})

test('the differing RDN is marked as a whole', () => {
  const got = 'CN=poster-quovadis,OU=Clients,O=Dev,C=DE'
  expect(markDifference(wanted, got)).toBe('                   ~~~~~~~~~~')
})

test('with another number of parts, those that nobody wanted are marked', () => {
  expect(markDifference('CN=a,OU=b,C=DE', 'CN=a,C=FR')).toBe('     ~~~~')
})

test('an escaped comma does not end an RDN', () => {
  expect(markDifference('CN=a\\,b,O=x', 'CN=a\\,c,O=x')).toBe('~~~~~~~')
})

test('any two values are described, and marked within the second', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'CN=OU,\\+"x') }))
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(describeNearMiss(a, b)).not.toBe('')
      const mark = markDifference(a, b)
      expect(mark).toMatch(/^[ ~]*$/)
      if (a === b) expect(mark).toBe('')
    }),
  )
})
