import {
  chmodSync,
  existsSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { silentLogger, systemClock } from '@twinlatch/kit'
import {
  createTemporaryDirectory,
  createTestDatabase,
  type TemporaryDirectory,
  type TestDatabase,
} from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadMasterKey } from './master-key.ts'
import { openStore, type Store } from './open.ts'
import { rekeyStore, resumeRekey } from './rekey.ts'

const place = { table: 't', subaccountId: 's', id: 'i', field: 'f' }

let home: TemporaryDirectory
let testDatabase: TestDatabase
let file: string
let opened: Store[]

beforeEach(async () => {
  home = await createTemporaryDirectory()
  testDatabase = await createTestDatabase()
  file = join(home.path, 'master.key')
  opened = []
})
afterEach(async () => {
  for (const store of opened) await store.stop()
  await testDatabase.remove()
  await home.remove()
})

const options = () => ({
  url: testDatabase.url,
  file,
  clock: systemClock,
  log: silentLogger,
})
async function open(): Promise<Store> {
  const masterKey = await loadMasterKey({ file })
  const store = await openStore({ ...options(), masterKey })
  opened.push(store)
  return store
}
async function sealed(text: string): Promise<string> {
  const store = await open()
  const value = store.seal.seal(text, place)
  await store.stop()
  return value
}
const read = async (value: string) => {
  const store = await open()
  const text = store.seal.open(value, place).toString()
  await store.stop()
  return text
}

test('what was sealed stays readable, and the former key opens nothing any more', async () => {
  const value = await sealed('kept')
  const former = readFileSync(file, 'utf8')
  expect(await rekeyStore(options())).toBe(1)
  expect(readFileSync(file, 'utf8')).not.toBe(former)
  expect(existsSync(`${file}.new`)).toBe(false)
  expect(await read(value)).toBe('kept')
  writeFileSync(file, former)
  await expect(open()).rejects.toMatchObject({ code: 'store/wrong-master-key' })
})

test('a crash before the database has the new key changes nothing, and a rekey then works', async () => {
  const value = await sealed('kept')
  await loadMasterKey({ file: `${file}.new` })
  await resumeRekey(options())
  expect(await read(value)).toBe('kept')
  const next = readFileSync(`${file}.new`, 'utf8')
  await rekeyStore(options())
  expect(readFileSync(file, 'utf8')).toBe(next)
  expect(await read(value)).toBe('kept')
})

test('a crash after the database has the new key is mended at the next start', async () => {
  const value = await sealed('kept')
  const former = readFileSync(file, 'utf8')
  await rekeyStore(options())
  renameSync(file, `${file}.new`)
  writeFileSync(file, former, { mode: 0o600 })
  await expect(open()).rejects.toMatchObject({ code: 'store/wrong-master-key' })
  await resumeRekey(options())
  expect(existsSync(`${file}.new`)).toBe(false)
  expect(await read(value)).toBe('kept')
})

test('a server that runs meanwhile goes on, and new values open for the next one', async () => {
  const running = await open()
  const before = running.seal.seal('before', place)
  if (testDatabase.kind === 'sqlite') await running.stop()
  await rekeyStore(options())
  const after = running.seal.seal('after', place)
  expect(running.seal.open(before, place).toString()).toBe('before')
  expect(await read(before)).toBe('before')
  expect(await read(after)).toBe('after')
})

test('a key that is a link is left alone, and the database with it', async () => {
  const value = await sealed('kept')
  renameSync(file, `${file}.real`)
  symlinkSync(`${file}.real`, file)
  await expect(rekeyStore(options())).rejects.toMatchObject({ code: 'store/read-only' })
  expect(existsSync(`${file}.new`)).toBe(false)
  expect(await read(value)).toBe('kept')
})

test('a wrong or exposed key file is refused before anything is changed', async () => {
  const value = await sealed('kept')
  const former = readFileSync(file, 'utf8')
  writeFileSync(file, `${Buffer.alloc(32, 9).toString('base64url')}\n`)
  await expect(rekeyStore(options())).rejects.toMatchObject({ code: 'store/wrong-master-key' })
  writeFileSync(file, former)
  chmodSync(file, 0o644)
  await expect(rekeyStore(options())).rejects.toMatchObject({ code: 'store/secret-file-exposed' })
  chmodSync(file, 0o600)
  expect(await read(value)).toBe('kept')
})
