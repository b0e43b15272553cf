import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { newId } from '@twinlatch/kit'
import { describe, expect, test } from 'vitest'
import { createSealer, parseSealed, type SealContext, unwrapDataKey, wrapDataKey } from './seal.ts'

const keyId = newId('key')
const sealer = sealerWith([keyId])
const place: SealContext = { table: 'shop_items', subaccountId: 'a', id: 'itm_1', field: 'secret' }

function sealerWith(ids: readonly string[], keys = new Map<string, KeyObject>()) {
  for (const id of ids) keys.set(id, createSecretKey(randomBytes(32)))
  const [activeId = ''] = ids
  return createSealer({ activeId, byId: keys })
}

test.each([
  ['a text', 'hunter2'],
  ['an empty text', ''],
  ['text beyond ASCII', 'Schlüssel 🔑'],
])('%s comes back as it was', (_name, text) => {
  expect(sealer.open(sealer.seal(text, place), place).toString('utf8')).toBe(text)
})

test('bytes come back as they were', () => {
  const bytes = randomBytes(100_000)
  expect(sealer.open(sealer.seal(bytes, place), place).equals(bytes)).toBe(true)
})

test('the text names its format and its key, and shows nothing of the value', () => {
  const sealed = sealer.seal('hunter2', place)
  expect(sealed.startsWith(`tl1.${keyId}.`)).toBe(true)
  expect(sealed).not.toContain('hunter2')
  expect(sealed).not.toContain(Buffer.from('hunter2').toString('base64url'))
})

test('the same value is sealed differently each time', () => {
  const sealed = Array.from({ length: 100 }, () => sealer.seal('hunter2', place))
  expect(new Set(sealed).size).toBe(100)
})

describe('a sealed value does not open', () => {
  const sealed = sealer.seal('hunter2', place)

  test.each<[string, Partial<SealContext>]>([
    ['in another table', { table: 'shop_orders' }],
    ['in another subaccount', { subaccountId: 'b' }],
    ['in another row', { id: 'itm_2' }],
    ['in another field', { field: 'note' }],
    ['when parts of its place are shifted', { table: 'shop_itemsa', subaccountId: '' }],
    ['when a part holds the separator', { subaccountId: 'a","itm_1', id: '' }],
  ])('%s', (_name, moved) => {
    expect(() => sealer.open(sealed, { ...place, ...moved })).toThrow(
      expect.objectContaining({ code: 'store/seal-broken' }),
    )
  })

  test('when any one of its characters is changed', () => {
    for (let i = 0; i < sealed.length; i++) {
      const other = sealed[i] === 'A' ? 'B' : 'A'
      const altered = sealed.slice(0, i) + other + sealed.slice(i + 1)
      expect(() => sealer.open(altered, place), `character ${i}`).toThrow(/does not open/)
    }
  })

  test('when it is cut short or longer', () => {
    for (let i = 0; i < sealed.length; i++) {
      expect(() => sealer.open(sealed.slice(0, i), place)).toThrow(/does not open/)
    }
    for (const tail of ['A', '=', '\n', ' ', '.']) {
      expect(() => sealer.open(sealed + tail, place)).toThrow(/does not open/)
    }
  })

  test('under another database, whose keys are others', () => {
    expect(() => sealerWith([newId('key')]).open(sealed, place)).toThrow(/is not in this database/)
  })

  test('under another key of the same name', () => {
    expect(() => sealerWith([keyId]).open(sealed, place)).toThrow(/does not open/)
  })

  test('and the message tells neither the value nor the sealed text', () => {
    const opening = () => sealer.open(sealed, { ...place, id: 'itm_2' })
    expect(opening).toThrow('shop_items.secret of itm_2 does not open')
    expect(opening).not.toThrow(sealed.slice(45))
  })
})

test('values of a former key still open beside those of the active one', () => {
  const keys = new Map<string, KeyObject>()
  const former = sealerWith([newId('key')], keys).seal('old', place)
  const both = sealerWith([newId('key')], keys)
  expect(both.open(former, place).toString()).toBe('old')
  expect(both.open(both.seal('new', place), place).toString()).toBe('new')
})

test('a value above the limit is refused', () => {
  expect(() => sealer.seal(Buffer.alloc(8 * 1024 * 1024 + 1), place)).toThrow(
    expect.objectContaining({ code: 'store/value-too-large' }),
  )
})

test('the largest value that is sealed is also opened', () => {
  const largest = Buffer.alloc(8 * 1024 * 1024)
  expect(sealer.open(sealer.seal(largest, place), place).length).toBe(largest.length)
})

describe('a wrapped data key', () => {
  const master = createSecretKey(randomBytes(32))
  const masterId = newId('key')
  const dataKey = randomBytes(32)
  const wrapped = wrapDataKey(master, masterId, 'key_a', dataKey)

  test('is unwrapped by its master key', () => {
    expect(unwrapDataKey(master, masterId, 'key_a', wrapped)?.equals(dataKey)).toBe(true)
  })

  test('is not unwrapped by another master key, or under the id of another data key', () => {
    const other = createSecretKey(randomBytes(32))
    expect(unwrapDataKey(other, masterId, 'key_a', wrapped)).toBeUndefined()
    expect(unwrapDataKey(master, newId('key'), 'key_a', wrapped)).toBeUndefined()
    expect(unwrapDataKey(master, masterId, 'key_b', wrapped)).toBeUndefined()
  })

  test('is never taken for a sealed value, nor the other way round', () => {
    const same = createSealer({ activeId: masterId, byId: new Map([[masterId, master]]) })
    expect(() => same.open(wrapped, place)).toThrow(/does not open/)
    expect(unwrapDataKey(master, masterId, 'key_a', same.seal(dataKey, place))).toBeUndefined()
  })
})

test('parsing finds the parts of what was sealed', () => {
  const parts = parseSealed(sealer.seal('hunter2', place))
  expect(parts?.keyId).toBe(keyId)
  expect(parts?.nonce.length).toBe(12)
  expect(parts?.body.length).toBe('hunter2'.length + 16)
})
