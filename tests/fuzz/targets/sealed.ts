import { createSecretKey } from 'node:crypto'
import { StoreError } from '@twinlatch/store'
import { createSealer } from '../../../packages/store/src/seal.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const keyId = `key_${'0'.repeat(32)}`
const sealer = createSealer({
  activeId: keyId,
  byId: new Map([[keyId, createSecretKey(Buffer.alloc(32, 7))]]),
})
const place = { table: 't', subaccountId: 's', id: 'i', field: 'f' }
const plain = 'a secret of some length'
const originals = new Set(Array.from({ length: 4 }, () => sealer.seal(plain, place)))

/** Sealed values: what was altered in any way does not open. */
export const sealed: FuzzTarget = {
  name: 'sealed-value',
  kind: 'text',
  words: ['tl1.', keyId, '.', 'A', '-', '_', '=', '+', '/'],
  corpus: async () => bytesOf(...originals),
  run(input) {
    const text = textOf(input)
    const opened = sealer.open(text, place).toString('utf8')
    expectThat(originals.has(text) && opened === plain, 'an altered value does not open')
    return true
  },
  refuses: (error) => error instanceof StoreError && error.code === 'store/seal-broken',
}
