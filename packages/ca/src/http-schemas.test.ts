import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CaError } from './errors.ts'
import { inWireNames, parseListQuery, parseOrder } from './http-schemas.ts'

test('any JSON is an order or a refusal with places, nothing else', () => {
  const field = fc.constantFrom(
    ...['commonName', 'password', 'profile', 'validity', 'keyType', 'san', 'format'],
    ...['organizationalUnits', 'userId', 'ifMissing', 'csr', '__proto__', 'x'],
  )
  const body = fc.oneof(fc.jsonValue(), fc.dictionary(field, fc.jsonValue()))
  fc.assert(
    fc.property(body, (value) => {
      try {
        expect(typeof parseOrder(value).name).toBe('string')
      } catch (error) {
        expect(error).toBeInstanceOf(CaError)
        expect((error as CaError).problems.length).toBeGreaterThan(0)
      }
    }),
  )
})

test('an object with an odd length in place of a text is a refusal, not a fault of ours', () => {
  const odd = { length: { toString: 1 } }
  expect(() => parseOrder({ commonName: odd })).toThrow(CaError)
  expect(() => parseOrder({ commonName: 'a', userId: odd })).toThrow(CaError)
})

test('what an order leaves out is the default of the API', () => {
  expect(parseOrder({ commonName: 'a' })).toEqual({
    name: 'a',
    profile: 'client',
    subjectAltNames: [],
    format: 'modern',
    password: null,
    ifMissing: false,
  })
})

test('a password cannot print itself', () => {
  const parsed = parseOrder({ commonName: 'a', password: 'correct horse' })
  expect(JSON.stringify(parsed)).not.toContain('correct horse')
  expect(parsed.password?.reveal()).toBe('correct horse')
})

test('problems come back under the names of the wire', () => {
  const message = 'm'
  const paths = ['name', 'subjectAltNames[2]', 'organizationalUnits[0]', 'validity']
  expect(inWireNames(paths.map((path) => ({ path, message }))).map(({ path }) => path)).toEqual([
    ...['commonName', 'san[2]', 'organizationalUnits[0]', 'validity'],
  ])
})

test('an unknown filter is named', () => {
  expect(() => parseListQuery({ subject: 'x' })).toThrow(/subject/)
  expect(parseListQuery({ status: 'failed' })).toEqual({ status: 'failed' })
})
