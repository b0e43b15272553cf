import { createSecretKey, randomBytes } from 'node:crypto'
import { newId } from '@twinlatch/kit'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { StoreError } from './errors.ts'
import { createSealer, parseSealed, type SealContext } from './seal.ts'

const keyId = newId('key')
const sealer = createSealer({
  activeId: keyId,
  byId: new Map([[keyId, createSecretKey(randomBytes(32))]]),
})
const place: SealContext = { table: 't', subaccountId: 's', id: 'i', field: 'f' }
const places = fc.record({
  table: fc.string(),
  subaccountId: fc.string(),
  id: fc.string(),
  field: fc.string(),
})

const opensOrRefuses = (text: string, context: SealContext) => {
  try {
    return sealer.open(text, context)
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store/seal-broken') return undefined
    throw error
  }
}

test('whatever is sealed at a place opens there, and at no other place', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), places, places, (bytes, at, elsewhere) => {
      const sealed = sealer.seal(bytes, at)
      expect(new Uint8Array(sealer.open(sealed, at))).toEqual(bytes)
      const same = JSON.stringify(at) === JSON.stringify(elsewhere)
      expect(opensOrRefuses(sealed, elsewhere) !== undefined).toBe(same)
    }),
  )
})

test('no random text opens, and none does more than be refused', () => {
  const almost = fc
    .tuple(
      fc.constantFrom('tl1', 'tl2', 'TL1', ''),
      fc.constantFrom(keyId, 'key_', newId('key'), ''),
      fc.base64String({ maxLength: 24 }),
      fc.base64String({ maxLength: 80 }),
      fc.constantFrom('.', '..', ',', ''),
    )
    .map(([version, key, nonce, body, separator]) => [version, key, nonce, body].join(separator))
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), almost), (text) => {
      expect(opensOrRefuses(text, place)).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('no mutation of a sealed text opens', () => {
  const sealed = sealer.seal('the value', place)
  const mutation = fc.record({
    at: fc.nat(sealed.length),
    removed: fc.nat(4),
    put: fc.string({ maxLength: 4 }),
  })
  fc.assert(
    fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
      let text = sealed
      for (const { at, removed, put } of mutations) {
        text = text.slice(0, at) + put + text.slice(at + removed)
      }
      fc.pre(text !== sealed)
      expect(opensOrRefuses(text, place)).toBeUndefined()
    }),
    { numRuns: 500 },
  )
})

test('a text that parses is the only spelling of its parts', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 12, maxLength: 12 }),
      fc.uint8Array({ minLength: 14, maxLength: 60 }),
      fc.constantFrom('', '=', '==', 'A'),
      (nonce, body, tail) => {
        const [n, b] = [nonce, body].map((part) => Buffer.from(part).toString('base64url'))
        const text = `tl1.${keyId}.${n}.${b}${tail}`
        const parts = parseSealed(text)
        fc.pre(parts !== undefined)
        const again = [parts?.nonce, parts?.body].map((part) => part?.toString('base64url'))
        expect(`tl1.${parts?.keyId}.${again[0]}.${again[1]}`).toBe(text)
      },
    ),
  )
})
