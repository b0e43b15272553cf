import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsOf, destinationOf } from './kill-rounds.ts'
import { remove, run, type Server, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

describe('the database as a whole', () => {
  const directory = temporaryDirectory()
  const at = (...parts: string[]) => join(directory, ...parts)
  const home = at('home')
  const store = (...words: string[]) => run(twinlatchBin, ['store', ...words])
  let server: Server

  beforeAll(async () => {
    server = await startServer(['--ephemeral', '--home', home])
  })
  afterAll(async () => {
    await server.end()
    remove(directory)
  })

  /** Destinations of a server on `at`, each read back with its password. */
  async function readBack(from: string): Promise<string[]> {
    const restored = await startServer(['--ephemeral', '--home', from])
    const clients = clientsOf(restored)
    try {
      const stored = await clients.destinations.list('subaccount')
      for (const body of stored) expect(body).toEqual(destinationOf(body['Name'] ?? ''))
      return stored.map((body) => body['Name'] ?? '')
    } finally {
      await clients.close()
      await restored.end()
    }
  }

  function newHome(name: string): string {
    mkdirSync(at(name), { mode: 0o700 })
    copyFileSync(join(home, 'master.key'), at(name, 'master.key'))
    return at(name)
  }

  test('a backup taken while it is written to opens, with all that was acknowledged before', async () => {
    const clients = clientsOf(server)
    const acknowledged: string[] = []
    let writing = true
    const writer = (async () => {
      for (let index = 0; writing; index += 1) {
        await clients.destinations.create('subaccount', destinationOf(`d-${index}`))
        acknowledged.push(`d-${index}`)
      }
    })()
    while (acknowledged.length < 3) await new Promise((resolve) => setTimeout(resolve, 20))
    const before = [...acknowledged]
    const answer = await store('backup', '--home', home, at('backup.db'))
    writing = false
    await writer
    await clients.close()
    expect(answer).toMatchObject({ code: 0 })
    expect(answer.stdout).toMatch(/^\S \d+ rows written to /)
    expect(acknowledged.length).toBeGreaterThan(before.length)
    expect(statSync(at('backup.db')).mode & 0o777).toBe(0o600)

    const restored = newHome('restored')
    const copied = await store(
      ...['copy', '--from', `sqlite:${at('backup.db')}`],
      ...['--to', `sqlite:${join(restored, 'twinlatch.db')}`],
    )
    expect(copied).toMatchObject({ code: 0 })
    expect(await readBack(restored)).toEqual(expect.arrayContaining(before))
  })

  test('a backup overwrites nothing unless it is told to, and holds no key', async () => {
    const bytes = readFileSync(at('backup.db'))
    const refused = await store('backup', '--home', home, at('backup.db'))
    expect(refused.code).toBe(1)
    expect(readFileSync(at('backup.db')).equals(bytes)).toBe(true)
    expect(await store('backup', '--home', home, at('backup.db'), '--force')).toMatchObject({
      code: 0,
    })
    const key = readFileSync(join(home, 'master.key'), 'utf8').trim()
    expect(readFileSync(at('backup.db')).includes(Buffer.from(key, 'base64url'))).toBe(false)
    expect(readFileSync(at('backup.db')).includes('password of d-0')).toBe(false)
  })

  test('neither copy nor rekey touches a home on which a server runs', async () => {
    const key = readFileSync(join(home, 'master.key'), 'utf8')
    const rekeyed = await store('rekey', '--home', home)
    expect(rekeyed.code).toBe(1)
    expect(rekeyed.stderr).toContain(String(server.child.pid))
    expect(readFileSync(join(home, 'master.key'), 'utf8')).toBe(key)
    const copied = await store(
      'copy',
      '--from',
      `sqlite:${home}/twinlatch.db`,
      '--to',
      'sqlite:x.db',
    )
    expect(copied.code).toBe(1)
    expect(copied.stderr).toContain(String(server.child.pid))
  })

  test('a home that is none is not made', async () => {
    for (const words of [['backup', at('x.db')], ['rekey']]) {
      const answer = await store(...words, '--home', at('nowhere'))
      expect(answer.code).toBe(1)
      expect(answer.stderr).toContain('There is no installation')
    }
    expect(existsSync(at('nowhere'))).toBe(false)
  })

  test('after a rekey every secret is read, issued and signed with as before', async () => {
    const clients = clientsOf(server)
    await clients.control.bindings.create({ name: 'app' })
    const before = await clients.control.bindings.show('app')
    const roots = await clients.ca.roots()
    await clients.close()
    await server.end()
    const answer = await store('rekey', '--home', home, '--keep-former', at('former.key'))
    expect(answer).toMatchObject({ code: 0 })
    expect(statSync(at('former.key')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(home, 'master.key'), 'utf8')).not.toBe(
      readFileSync(at('former.key'), 'utf8'),
    )
    server = await startServer(['--ephemeral', '--home', home])
    const after = clientsOf(server)
    const shown = (await after.control.bindings.show('app')).service.credentials as Record<
      string,
      unknown
    >
    const known = before.service.credentials as Record<string, unknown>
    expect(shown['clientsecret']).toBe(known['clientsecret'])
    expect(shown['verificationkey']).toBe(known['verificationkey'])
    expect(await after.ca.roots()).toBe(roots)
    await after.ca.issue({
      commonName: 'c',
      keyType: 'ec-p256',
      format: 'modern',
      password: 'pass word 1',
    })
    const [first] = await after.destinations.list('subaccount')
    expect(first).toEqual(destinationOf(first?.['Name'] ?? ''))
    await after.close()
  })

  test('a rekey that was cut off is ended by the next start', async () => {
    await server.end()
    const former = readFileSync(join(home, 'master.key'), 'utf8')
    expect(await store('rekey', '--home', home)).toMatchObject({ code: 0 })
    copyFileSync(join(home, 'master.key'), join(home, 'master.key.new'))
    writeFileSync(join(home, 'master.key'), former, { mode: 0o600 })
    server = await startServer(['--ephemeral', '--home', home])
    expect(existsSync(join(home, 'master.key.new'))).toBe(false)
  })
})
