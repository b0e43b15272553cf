import { devSubaccountId } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLineCompiler, gateway, line } from '../testing/line-compiler.ts'
import { admin, otherTenant, startControl } from '../testing/start-control.ts'
import type { DocumentCompiler } from './document.ts'
import type { Control } from './service.ts'

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
let home: TestDatabase
let store: Store
let control: Control

const file = (text: string, name = 'a.yaml') => ({ name, text })
const apply = (text: string, by = admin) => control.documents.apply({ files: [file(text)] }, by)
const actions = async (report: ReturnType<typeof apply>) =>
  (await report).results.map(({ kind, name, action }) => `${kind}/${name} ${action}`)
const start = async () => {
  ;({ store, control } = await startControl(home.url, clock))
}

beforeEach(async () => {
  home = await createTestDatabase()
  clock.set('2026-01-01T00:00:00.000Z')
  await start()
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

describe('documents that were taken once and are refused now', () => {
  // As after an update, or with other settings: what names itself old is a problem from then on.
  const lines = createLineCompiler()
  const stricter: DocumentCompiler = {
    parse: lines.parse,
    check(sets) {
      const { problems, warnings } = lines.check(sets)
      const old = sets.flatMap(({ documents }) => documents.filter(({ body }) => body['old']))
      const found = old.map(({ name, file = '' }) => ({ path: '$.old', message: name, file }))
      return { problems: [...problems, ...found], warnings }
    },
  }

  test('keep neither their own subaccount nor another one from changing something else', async () => {
    const acme = await otherTenant(control)
    await apply(gateway('theirs', 'a', { old: true }), acme)
    await apply(gateway('mine', 'b', { old: true }))
    await store.stop()
    ;({ store, control } = await startControl(home.url, clock, stricter))
    const { results, warnings } = await apply(gateway('new', 'c'))
    expect(results).toMatchObject([{ name: 'new', action: 'created' }])
    expect(warnings).toEqual([{ path: '$.old', message: 'mine', file: 'stored Gateway' }])
    await expect(apply(gateway('mine', 'b', { old: true }))).rejects.toThrow('mine')
    expect(await actions(apply(gateway('mine', 'b')))).toEqual(['Gateway/mine configured'])
    const files = [file(gateway('theirs', 'a'))]
    expect(await actions(control.documents.delete({ files }, acme))).toEqual([
      'Gateway/theirs deleted',
    ])
  })
})

describe('tenants', () => {
  test("do not see, change or delete each other's documents", async () => {
    const acme = await otherTenant(control)
    await apply(gateway('g', 'a'))
    expect(await control.documents.list(acme.subaccountId)).toEqual([])
    const files = [file(gateway('g', 'a'))]
    expect(await actions(control.documents.delete({ files }, acme))).toEqual(['Gateway/g absent'])
    expect(await actions(apply(gateway('g', 'b'), acme))).toEqual(['Gateway/g created'])
    expect(await control.documents.list(devSubaccountId)).toMatchObject([{ host: 'a' }])
    expect((await control.documents.all()).map(({ documents }) => documents.length)).toEqual([1, 1])
  })

  test('cannot claim what another one has claimed', async () => {
    const acme = await otherTenant(control)
    await apply(gateway('private-name', 'a'), acme)
    const error = await apply(gateway('g', 'a')).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'control/invalid-documents' })
    expect(JSON.stringify(error)).not.toContain('private-name')
    expect((await control.documents.all()).length).toBe(1)
  })

  test("get no warnings about another one's documents", async () => {
    const acme = await otherTenant(control)
    await apply(gateway('private-name', 'a', { odd: true }), acme)
    expect((await apply(gateway('g', 'b', { odd: true }))).warnings).toEqual([
      { path: '$.odd', message: 'g is odd', file: 'a.yaml' },
    ])
  })
})

describe('listeners', () => {
  test('have taken a change over before apply answers, and are called for no other', async () => {
    const seen: string[][] = []
    const end = control.documents.onChange(async () => {
      const [set] = await control.documents.all()
      seen.push(set?.documents.map(({ name }) => name) ?? [])
    })
    await apply(gateway('g', 'a'))
    expect(seen).toEqual([['g']])
    await apply(gateway('g', 'a'))
    await expect(apply('nonsense')).rejects.toThrow()
    expect(seen.length).toBe(1)
    end()
    await apply(gateway('h', 'b'))
    expect(seen.length).toBe(1)
  })

  test('are called one at a time, so that newer is never replaced by older', async () => {
    let running = 0
    const counts: number[] = []
    control.documents.onChange(async () => {
      running += 1
      expect(running).toBe(1)
      const [set] = await control.documents.all()
      await new Promise((resolve) => setImmediate(resolve))
      counts.push(set?.documents.length ?? 0)
      running -= 1
    })
    await Promise.all(Array.from({ length: 8 }, (_, i) => apply(gateway(`g${i}`, `host${i}`))))
    expect(counts).toEqual(counts.toSorted((a, b) => a - b))
    expect(counts.at(-1)).toBe(8)
  })

  test('one that fails does not undo the change, and the caller is told', async () => {
    const end = control.documents.onChange(() => Promise.reject(new Error('cannot compile')))
    const { results, warnings } = await apply(gateway('g', 'a'))
    expect(results[0]?.action).toBe('created')
    expect(warnings).toEqual([
      { path: '$', message: expect.stringContaining('could not take it over') },
    ])
    end()
    expect((await apply(gateway('g', 'b'))).warnings).toEqual([])
  })
})

describe('at rest', () => {
  test('nothing that is stored holds a byte of a body', async () => {
    await apply(line('Secret', 's', { stringData: { key: 'hunter2-hunter2' } }))
    await apply(line('Deployment', 'd', { env: 'swordfish-swordfish' }))
    const bytes = await home.files()
    expect(bytes.includes('hunter2-hunter2')).toBe(false)
    expect(bytes.includes('swordfish-swordfish')).toBe(false)
    expect(bytes.includes('Deployment')).toBe(true)
  })

  test.each([
    [
      'a body copied to another row',
      `update control_documents set sealed_body =
        (select sealed_body from control_documents where name = 'g') where name = 'h'`,
    ],
    [
      'a row given to another tenant',
      `update control_documents set subaccount_id = 'x' where name = 'h'`,
    ],
    ['a row given another name', `update control_documents set name = 'z' where name = 'h'`],
    [
      'a row given another age',
      `update control_documents set created_at = '2020' where name = 'h'`,
    ],
  ])('%s is noticed, not served', async (_name, tampering) => {
    await apply(`${gateway('g', 'a')}\n${gateway('h', 'b')}`)
    await sql.raw(tampering).execute(store.database)
    await expect(control.documents.all()).rejects.toMatchObject({
      code: expect.stringMatching(/^(store\/seal-broken|control\/damaged-document)$/),
    })
  })
})
