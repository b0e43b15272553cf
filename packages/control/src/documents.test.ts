import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  devSubaccountId,
  type ProblemItem,
  Secret,
  type SubaccountId,
  silentLogger,
} from '@twinlatch/kit'
import { openStore, type Store } from '@twinlatch/store'
import {
  createFakeClock,
  createTemporaryDirectory,
  type TemporaryDirectory,
} from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DocumentCompiler, DocumentSet, ParsedDocument } from './document.ts'
import type { JsonObject } from './json.ts'
import { migrations } from './migrations.ts'
import { type Control, openControl } from './service.ts'

const clock = createFakeClock('2026-01-01T00:00:00.000Z')
const admin = { subaccountId: devSubaccountId, actor: 'admin' }
let home: TemporaryDirectory
let store: Store
let control: Control
let checked: (readonly DocumentSet[])[]

/**
 * Reads one JSON document a line. A host may be claimed once, over all subaccounts; a route needs
 * its gateway: enough of the real compiler to make checks depend on what else is stored.
 */
const compiler: DocumentCompiler = {
  parse(files) {
    const documents: ParsedDocument[] = []
    const problems: ProblemItem[] = []
    for (const file of files) {
      for (const [index, line] of file.text.split('\n').filter(Boolean).entries()) {
        try {
          documents.push({ ...documentOf(JSON.parse(line)), file: file.name, index })
        } catch {
          problems.push({ path: '$', message: 'not a document', file: file.name, document: index })
        }
      }
    }
    return { documents, problems, warnings: [] }
  },
  check(sets) {
    checked.push(sets)
    const problems: ProblemItem[] = []
    const warnings: ProblemItem[] = []
    const claims = new Map<string, string>()
    for (const { documents } of sets) {
      const names = new Set(documents.map(({ kind, name }) => `${kind}/${name}`))
      for (const { kind, name, body, file } of documents) {
        const at = file === undefined ? {} : { file }
        const host = String(body['host'] ?? '')
        if (kind === 'Gateway' && claims.has(host)) {
          problems.push({
            path: '$.host',
            message: `${host} is claimed by ${claims.get(host)}`,
            ...at,
          })
        }
        if (kind === 'Gateway') claims.set(host, name)
        if (kind === 'Route' && !names.has(`Gateway/${body['gateway']}`)) {
          problems.push({ path: '$.gateway', message: `no gateway for ${name}`, ...at })
        }
        if (body['odd']) warnings.push({ path: '$.odd', message: `${name} is odd`, ...at })
      }
    }
    return { problems, warnings }
  },
}

function documentOf(body: JsonObject): Omit<ParsedDocument, 'file' | 'index'> {
  const metadata = body['metadata'] as { name: string; namespace: string }
  return {
    apiVersion: String(body['apiVersion']),
    kind: String(body['kind']),
    namespace: metadata.namespace,
    name: metadata.name,
    body,
  }
}

const line = (kind: string, name: string, more: object = {}, apiVersion = 'test.dev/v1') =>
  JSON.stringify({ apiVersion, kind, metadata: { name, namespace: 'shop' }, ...more })
const gateway = (name: string, host: string, more: object = {}) =>
  line('Gateway', name, { host, ...more })
const file = (text: string, name = 'a.yaml') => ({ name, text })
const apply = (text: string, by = admin) => control.documents.apply({ files: [file(text)] }, by)
const actions = async (report: ReturnType<typeof apply>) =>
  (await report).results.map(({ kind, name, action }) => `${kind}/${name} ${action}`)

async function start(): Promise<void> {
  store = await openStore({
    url: `sqlite:${join(home.path, 'twinlatch.db')}`,
    masterKey: new Secret<Uint8Array>(Buffer.alloc(32, 7)),
    clock,
    log: silentLogger,
  })
  await store.migrate([migrations])
  control = await openControl({ store, clock, log: silentLogger, compiler })
}

beforeEach(async () => {
  home = await createTemporaryDirectory()
  clock.set('2026-01-01T00:00:00.000Z')
  checked = []
  await start()
})
afterEach(async () => {
  await store.stop()
  await home.remove()
})

async function otherTenant(name = 'acme'): Promise<{ subaccountId: SubaccountId; actor: string }> {
  const { id } = await control.subaccounts.create(name, admin)
  return { subaccountId: id, actor: 'admin' }
}

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
    await expect(control.documents.apply(dry, admin)).rejects.toThrow('a is claimed by h')
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

describe('tenants', () => {
  test("do not see, change or delete each other's documents", async () => {
    const acme = await otherTenant()
    await apply(gateway('g', 'a'))
    expect(await control.documents.list(acme.subaccountId)).toEqual([])
    const files = [file(gateway('g', 'a'))]
    expect(await actions(control.documents.delete({ files }, acme))).toEqual(['Gateway/g absent'])
    expect(await actions(apply(gateway('g', 'b'), acme))).toEqual(['Gateway/g created'])
    expect(await control.documents.list(devSubaccountId)).toMatchObject([{ host: 'a' }])
    expect((await control.documents.all()).map(({ documents }) => documents.length)).toEqual([1, 1])
  })

  test('are told of a conflict with another one, and not with what', async () => {
    const acme = await otherTenant()
    await apply(gateway('private-name', 'a'), acme)
    // `dev` sorts behind `acme` in this check, so the fault is reported at its own document.
    await expect(apply(gateway('g', 'a'))).rejects.toMatchObject({ items: [{ file: 'a.yaml' }] })
    const second = await otherTenant('globex')
    await apply(gateway('other-name', 'b'), second)
    checked = []
    await apply(gateway('mine', 'c'), acme)
    const foreign = checked[0]?.filter(({ subaccountId }) => subaccountId !== acme.subaccountId)
    expect(foreign?.flatMap(({ documents }) => documents.map((found) => found.file))).toEqual([
      '\0elsewhere',
    ])
  })

  test("get no findings about another one's documents", async () => {
    const acme = await otherTenant()
    await apply(gateway('private-name', 'a', { odd: true }), acme)
    expect((await apply(gateway('g', 'b', { odd: true }))).warnings).toEqual([
      { path: '$.odd', message: 'g is odd', file: 'a.yaml' },
    ])
    const { id } = await control.subaccounts.create('globex', admin)
    const late: DocumentCompiler = {
      ...compiler,
      check: (sets) => ({
        problems: sets.flatMap(({ documents }) =>
          documents.map(({ name, file: at = '' }) => ({
            path: '$',
            message: `no ${name}`,
            file: at,
          })),
        ),
        warnings: [],
      }),
    }
    const strict = await openControl({ store, clock, log: silentLogger, compiler: late })
    const refused = strict.documents.apply(
      { files: [file(gateway('own', 'z'))] },
      { subaccountId: id, actor: 'admin' },
    )
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      items: [
        { message: 'no own', file: 'a.yaml' },
        { message: 'this change is in conflict with a document of another subaccount' },
      ],
    })
    expect(JSON.stringify(error)).not.toContain('private-name')
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
  test('no file of the home holds a byte of a body', async () => {
    await apply(line('Secret', 's', { stringData: { key: 'hunter2-hunter2' } }))
    await apply(line('Deployment', 'd', { env: 'swordfish-swordfish' }))
    const bytes = Buffer.concat(
      readdirSync(home.path).map((name) => readFileSync(join(home.path, name))),
    )
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
    const { sql } = await import('kysely')
    await sql.raw(tampering).execute(store.database)
    await expect(control.documents.all()).rejects.toMatchObject({
      code: expect.stringMatching(/^(store\/seal-broken|control\/damaged-document)$/),
    })
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
