import { devSubaccountId, silentLogger } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createFakeClock, createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createLineCompiler, documentOf, gateway, line } from '../testing/line-compiler.ts'
import { admin, startControl } from '../testing/start-control.ts'
import type { DocumentCompiler } from './document.ts'
import { type Control, openControl } from './service.ts'

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

describe('apply', () => {
  test('says created, then unchanged, then configured', async () => {
    expect(await actions(apply(gateway('g', 'a')))).toEqual(['Gateway/g created'])
    expect(await actions(apply(gateway('g', 'a')))).toEqual(['Gateway/g unchanged'])
    expect(await actions(apply(gateway('g', 'b')))).toEqual(['Gateway/g configured'])
  })

  test('takes the order of keys and the name of the file for no difference', async () => {
    await apply(gateway('g', 'a', { spec: { x: 1, y: [{ b: 1, a: 2 }] } }))
    const swapped = JSON.parse(gateway('g', 'a'))
    const text = JSON.stringify({ spec: { y: [{ a: 2, b: 1 }], x: 1 }, ...swapped })
    const report = control.documents.apply({ files: [file(text, 'other.yaml')] }, admin)
    expect(await actions(report)).toEqual(['Gateway/g unchanged'])
  })

  test('takes the order of a list for a difference', async () => {
    await apply(gateway('g', 'a', { list: [1, 2] }))
    expect(await actions(apply(gateway('g', 'a', { list: [2, 1] })))).toEqual([
      'Gateway/g configured',
    ])
  })

  test('takes another version of the same object for the same object, and another group not', async () => {
    await apply(line('Gateway', 'g', { host: 'a' }, 'test.dev/v1'))
    const beta = apply(line('Gateway', 'g', { host: 'a' }, 'test.dev/v1beta1'))
    expect(await actions(beta)).toEqual(['Gateway/g configured'])
    const other = apply(line('Gateway', 'g', { host: 'b' }, 'other.dev/v1'))
    expect(await actions(other)).toEqual(['Gateway/g created'])
  })

  test('keeps the age of an object that is configured again', async () => {
    await apply(gateway('g', 'a'))
    clock.advance(60_000)
    await apply(`${gateway('g', 'b')}\n${gateway('h', 'c')}`)
    const [set] = await control.documents.all()
    expect(set?.documents.map(({ name, createdAt }) => [name, createdAt])).toEqual([
      ['g', '2026-01-01T00:00:00.000Z'],
      ['h', '2026-01-01T00:01:00.000Z'],
    ])
    expect(set?.documents[0]?.body['host']).toBe('b')
  })

  test('shows the check what will be stored, ages included', async () => {
    await apply(`${gateway('g', 'a')}\n${gateway('h', 'b')}`)
    clock.advance(60_000)
    const seen: unknown[] = []
    const plain = createLineCompiler()
    const compiler: DocumentCompiler = {
      parse: plain.parse,
      check(sets) {
        seen.push(
          sets.map(({ documents }) => documents.map(({ name, createdAt }) => [name, createdAt])),
        )
        return plain.check(sets)
      },
    }
    const spied = await openControl({ store, clock, log: silentLogger, compiler })
    const text = `${gateway('g', 'c')}\n${gateway('i', 'd')}`
    await spied.documents.apply({ files: [file(text)] }, admin)
    const [first, later] = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:01:00.000Z']
    expect(seen).toEqual([
      [
        [
          ['h', first],
          ['g', first],
          ['i', later],
        ],
      ],
    ])
  })

  test('takes all documents or none, and names every fault of all files at once', async () => {
    const files = [file(`${gateway('g', 'a')}\nnonsense`), file('more nonsense', 'b.yaml')]
    const refused = control.documents.apply({ files }, admin)
    await expect(refused).rejects.toMatchObject({
      code: 'control/invalid-documents',
      items: [
        { file: 'a.yaml', document: 1 },
        { file: 'b.yaml', document: 0 },
      ],
    })
    expect(await control.documents.all()).toEqual([])
  })

  test('checks against what is stored: a route finds the gateway that was applied before', async () => {
    const route = line('Route', 'r', { gateway: 'g' })
    await expect(apply(`${route}\n${gateway('h', 'a')}`)).rejects.toThrow('no gateway for r')
    expect(await control.documents.all()).toEqual([])
    await apply(gateway('g', 'a'))
    expect(await actions(apply(route))).toEqual(['Route/r created'])
  })

  test('refuses the same object twice in one call', async () => {
    const files = [file(gateway('g', 'a')), file(gateway('g', 'b'), 'b.yaml')]
    await expect(control.documents.apply({ files }, admin)).rejects.toMatchObject({
      items: [{ file: 'b.yaml', message: expect.stringContaining('a.yaml, document 1') }],
    })
  })

  test('refuses a document that is too large', async () => {
    const large = gateway('g', 'a', { text: 'x'.repeat(1024 * 1024) })
    await expect(apply(large)).rejects.toThrow('1048576 bytes at most')
  })

  test('a dry run tells the same and changes nothing', async () => {
    const dry = { files: [file(gateway('g', 'a'))], dryRun: true }
    let calls = 0
    control.documents.onChange(() => void calls++)
    expect(await actions(control.documents.apply(dry, admin))).toEqual(['Gateway/g created'])
    expect(await control.documents.all()).toEqual([])
    expect(calls).toBe(0)
    expect((await control.audit.list(devSubaccountId)).map(({ action }) => action)).toEqual([
      'subaccount.created',
    ])
    await apply(gateway('h', 'a'))
    await expect(control.documents.apply(dry, admin)).rejects.toThrow('a is claimed twice')
  })

  test('of two at once, the second is checked against the first', async () => {
    const both = await Promise.allSettled([apply(gateway('g', 'a')), apply(gateway('h', 'a'))])
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(both[1]).toMatchObject({ reason: { code: 'control/invalid-documents' } })
    expect((await control.documents.all())[0]?.documents.map(({ name }) => name)).toEqual(['g'])
  })

  test('of twenty at once, all documents that fit are there', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => apply(gateway(`g${i}`, `host${i}`))))
    expect((await control.documents.all())[0]?.documents.length).toBe(20)
    expect((await control.audit.check()).ok).toBe(true)
  })

  test('survives a restart', async () => {
    await apply(gateway('g', 'a'))
    await store.stop()
    await start()
    expect(await actions(apply(gateway('g', 'a')))).toEqual(['Gateway/g unchanged'])
  })

  test('writes one audit row in the same transaction', async () => {
    await apply(`${gateway('g', 'a')}\n${gateway('h', 'b')}`)
    const [row] = await control.audit.list(devSubaccountId)
    expect(row).toMatchObject({
      actor: 'admin',
      action: 'documents.applied',
      target: '2 documents',
      detail: { changed: 2, documents: 'Gateway shop/g created, Gateway shop/h created' },
    })
    await expect(apply('nonsense')).rejects.toThrow()
    expect((await control.audit.list(devSubaccountId))[0]).toEqual(row)
  })
})

describe('delete', () => {
  test('says deleted, then absent', async () => {
    await apply(gateway('g', 'a'))
    const remove = () => control.documents.delete({ files: [file(gateway('g', 'a'))] }, admin)
    expect(await actions(remove())).toEqual(['Gateway/g deleted'])
    expect(await actions(remove())).toEqual(['Gateway/g absent'])
    expect(await control.documents.all()).toEqual([])
  })

  test('goes by name: the content need not be what is stored', async () => {
    await apply(gateway('g', 'a'))
    const files = [file(gateway('g', 'elsewhere'))]
    expect(await actions(control.documents.delete({ files }, admin))).toEqual(['Gateway/g deleted'])
  })

  test('is refused while something left needs it, and says what', async () => {
    const route = line('Route', 'r', { gateway: 'g' })
    await apply(`${gateway('g', 'a')}\n${route}`)
    const only = control.documents.delete({ files: [file(gateway('g', 'a'))] }, admin)
    await expect(only).rejects.toMatchObject({
      items: [{ message: 'no gateway for r', file: 'stored Route' }],
    })
    const files = [file(`${gateway('g', 'a')}\n${route}`)]
    await control.documents.delete({ files }, admin)
    expect(await control.documents.all()).toEqual([])
  })
})

test('list filters by kind in any case, namespace and name', async () => {
  await apply(`${gateway('g', 'a')}\n${gateway('h', 'b')}\n${line('Route', 'r', { gateway: 'g' })}`)
  const names = async (filter: object) =>
    (await control.documents.list(devSubaccountId, filter)).map((body) => documentOf(body).name)
  expect(await names({})).toEqual(['g', 'h', 'r'])
  expect(await names({ kind: 'gateway' })).toEqual(['g', 'h'])
  expect(await names({ kind: 'Gateway', name: 'h' })).toEqual(['h'])
  expect(await names({ namespace: 'other' })).toEqual([])
})
