import { createTestAuthority } from '@twinlatch/testing'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeDer } from './der.ts'
import { explicit, integer, oid, sequence } from './der-write.ts'
import { PkiError } from './errors.ts'
import { inspectKeystore } from './keystore-inspect.ts'
import { renderKeystoreReport } from './keystore-render.ts'
import { octetString } from './pbe-encrypt.ts'
import { pkcs12Oids } from './pkcs12-oids.ts'
import { readPkcs12 } from './pkcs12-read.ts'
import { writePkcs12 } from './pkcs12-write.ts'

const password = 'correct horse battery'
const now = new Date('2030-01-01T00:00:00Z')

/** Ways in which bytes go wrong: flipped, cut off, doubled, lengthened. */
const damage = fc.record({
  flips: fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 6 }),
  cutAt: fc.option(fc.nat(), { freq: 4 }),
  copy: fc.option(fc.tuple(fc.nat(), fc.nat({ max: 64 })), { freq: 4 }),
})

type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never

function damaged(file: Uint8Array, { flips, cutAt, copy }: Damage): Uint8Array {
  let bytes: Uint8Array = Uint8Array.from(file)
  for (const [place, bits] of flips) {
    const at = place % bytes.length
    bytes[at] = (bytes[at] ?? 0) ^ bits
  }
  if (copy) {
    const at = copy[0] % bytes.length
    bytes = Buffer.concat([bytes.subarray(0, at + copy[1]), bytes.subarray(at)])
  }
  return cutAt === null ? bytes : bytes.subarray(0, cutAt % bytes.length)
}

describe('damaged keystores', () => {
  let sealed: Uint8Array
  let open: Uint8Array

  beforeAll(async () => {
    const authority = await createTestAuthority({ name: 'Damaged', now })
    const leaf = await authority.issue({ subject: 'CN=client' })
    const chain = [...leaf.chain, authority.root]
    sealed = await writePkcs12({
      ...{ privateKey: leaf.privateKey, chain, password, friendlyName: 'client' },
      ...{ flavour: 'modern', iterations: 2048 },
    })
    // Without MAC and encryption, so that damage reaches every parser behind them.
    const bag = (type: string, value: Uint8Array) => sequence(oid(type), explicit(0, value))
    const bags = sequence(
      bag(pkcs12Oids.keyBag, leaf.privateKey.export({ type: 'pkcs8', format: 'der' })),
      ...chain.map(({ raw }) =>
        bag(
          pkcs12Oids.certificateBag,
          sequence(oid(pkcs12Oids.x509Certificate), explicit(0, octetString(raw))),
        ),
      ),
    )
    const data = (content: Uint8Array) =>
      sequence(oid(pkcs12Oids.data), explicit(0, encodeDer(0x04, content)))
    open = sequence(integer(3), data(sequence(data(bags))))
  })

  test('a protected file opens unchanged or is refused with a code', async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (change) => {
        const result = await readPkcs12(damaged(sealed, change), password).catch(asError)
        expect(result instanceof PkiError || 'entries' in result).toBe(true)
        if ('entries' in result) expect(result.entries[0]?.chain).toHaveLength(3)
      }),
      { numRuns: 200 },
    )
  })

  test('a file in the open is read or refused with a code, and nothing crashes', async () => {
    await fc.assert(
      fc.asyncProperty(damage, async (change) => {
        const read = readPkcs12(damaged(open, change), '', { allowMissingMac: true })
        const result = await read.catch(asError)
        expect(result instanceof PkiError || 'entries' in result).toBe(true)
      }),
      { numRuns: 1000 },
    )
  })

  test('inspection always yields a report that prints', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), damage, async (which, change) => {
        const bytes = damaged(which ? open : sealed, change)
        const report = await inspectKeystore(bytes, { password, fileName: 'a.p12', now })
        const lines = renderKeystoreReport(report)
        expect(lines.length).toBeGreaterThan(0)
        expect(lines.join('')).not.toMatch(/[\p{Cc}]/u)
        expect(JSON.parse(JSON.stringify(report))).toEqual(report)
      }),
      { numRuns: 300 },
    )
  })

  test('arbitrary bytes are refused with a code', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const result = await readPkcs12(bytes, password).catch(asError)
        expect(result).toBeInstanceOf(PkiError)
      }),
    )
  })
})

// A crash must fail the property, so anything that is no PkiError is thrown on.
function asError(error: unknown): PkiError {
  if (error instanceof PkiError) return error
  throw error
}
