import { execFileSync } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import {
  createPostgresDatabase,
  findPostgres,
  type PostgresServer,
  requireTool,
  startPostgres,
} from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, remove, run, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

const hasTools = findPostgres() && !requireTool('curl').missing && !requireTool('openssl').missing

/** How long a change may take to reach another process, or a connection to come back. */
const patienceMs = 15_000
/** In which a caller is told that the database is away (docs/guide/database.md). */
const boundMs = 10_000

/** Asks until `good` holds; the last answer is the one that is judged. */
async function eventually<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + patienceMs
  for (;;) {
    const answer = await ask()
    if (good(answer) || Date.now() > end) return answer
    await delay(100)
  }
}

describe.skipIf(!hasTools)('two servers on one PostgreSQL', () => {
  const directory = temporaryDirectory()
  const homes = [join(directory, 'one'), join(directory, 'two')] as const
  const started: Awaited<ReturnType<typeof startServer>>[] = []
  let postgres: PostgresServer
  let env: Record<string, string>

  const start = async (home: string, ...args: string[]) => {
    const server = await startServer(['--ephemeral', '--home', home, ...args], env)
    started.push(server)
    return server
  }
  beforeAll(async () => {
    const server = await startPostgres()
    if (!server) throw new Error('PostgreSQL was here a moment ago')
    postgres = server
    env = {
      TWINLATCH_DATABASE_URL: await createPostgresDatabase(postgres.url),
      TWINLATCH_MASTER_KEY_FILE: join(directory, 'master.key'),
      TWINLATCH_LOG_LEVEL: 'trace',
    }
    // Both at once on an empty database: one of them makes the schema, keys and authorities.
    await Promise.all([start(homes[0]), start(homes[1])])
  })
  afterAll(async () => {
    await Promise.all(started.map((server) => server.end()))
    await postgres.stop()
    remove(directory)
  })

  const serverOf = (index: 0 | 1) => {
    const server = started.find(({ ready }) => ready.home === homes[index])
    if (!server) throw new Error('not started')
    return server
  }
  const manifest = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: two }\ndata: { a: "1" }\n`
  const apply = (index: 0 | 1, text: string): Promise<Answer> =>
    serverOf(index).cli(['apply', '-f', '-'], { input: text })
  const api = async (index: 0 | 1, path: string) => {
    const server = serverOf(index)
    const { stdout } = await server.curl([
      ...['-H', `Authorization: Bearer ${server.adminToken()}`, '-w', '\n%{http_code}'],
      `${server.ready.urls.control}${path}`,
    ])
    const [body = '', status = ''] = stdout.split(/\n(?=\d+$)/)
    return { status: Number(status), body: JSON.parse(body) as Record<string, unknown> }
  }
  const generation = async (index: 0 | 1) =>
    Number((await api(index, '/api/status')).body['generation'])

  let client: readonly string[]
  const call = () =>
    serverOf(0).curl([
      ...[...client, '-o', '/dev/null', '-w', '%{http_code}'],
      `https://httpbin-x509.mtls.localhost:${serverOf(0).gatewayPort}/headers`,
    ])

  test('keep nothing in their homes but keys and what commands need', () => {
    for (const home of homes) {
      expect(() => readFileSync(join(home, 'twinlatch.db'))).toThrow('ENOENT')
    }
  })

  test('share tenants, authorities and documents', async () => {
    const roots = await Promise.all([0, 1].map((i) => api(i as 0 | 1, '/ca/authorities')))
    expect(roots[0]?.status).toBe(200)
    expect(roots[1]?.body).toEqual(roots[0]?.body)
  })

  test('what one applies the other serves, without being asked', async () => {
    const before = await generation(1)
    expect((await apply(0, manifest('seen'))).code).toBe(0)
    expect(
      await eventually(
        () => generation(1),
        (now) => now > before,
      ),
    ).toBe(before + 1)
  })

  test('changes at both at once are all kept', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `both-${index}`)
    const answers = await Promise.all(
      names.map((name, index) => apply((index % 2) as 0 | 1, manifest(name))),
    )
    expect(answers.map(({ code, stderr }) => [code, stderr])).toEqual(names.map(() => [0, '']))
    const listed = await api(0, '/api/documents?kind=ConfigMap')
    const found = (listed.body as unknown as { metadata: { name: string } }[]).map(
      ({ metadata }) => metadata.name,
    )
    expect(found).toEqual(expect.arrayContaining(names))
  })

  describe('when the database goes away', () => {
    beforeAll(async () => {
      await serverOf(0).end()
      started.splice(started.indexOf(serverOf(0)), 1)
      const server = await start(homes[0], '--sample')
      const sample = join(server.ready.home, 'sample')
      for (const [kind, flags] of [
        ['key', ['-nodes', '-nocerts']],
        ['crt', ['-nokeys']],
      ] as const) {
        execFileSync('openssl', [
          ...['pkcs12', '-in', join(sample, 'poster-quovadis.p12')],
          ...['-passin', `file:${join(sample, 'password.txt')}`, ...flags],
          ...['-out', join(directory, `poster.${kind}`)],
        ])
      }
      client = ['--key', join(directory, 'poster.key'), '--cert', join(directory, 'poster.crt')]
      expect((await call()).stdout).toBe('200')
      await postgres.halt()
    })

    test('the data path goes on serving', async () => {
      for (let count = 0; count < 5; count += 1) expect((await call()).stdout).toBe('200')
    })

    test('control answers 503 and says why', async () => {
      for (const path of ['/api/documents', '/ca/certificates', '/api/bindings']) {
        const { status, body } = await api(0, path)
        expect([path, status, body['code'] ?? body['detail']]).toEqual([
          path,
          503,
          expect.stringMatching(/store\/unreachable|cannot be reached/),
        ])
      }
      const applied = await apply(0, manifest('lost'))
      expect(applied.code).not.toBe(0)
      expect(applied.stderr).toContain('The database cannot be reached')
    })

    test('it is not ready, and alive', async () => {
      const { health } = serverOf(0).ready.urls
      expect((await fetch(`${health}/readyz`)).status).toBe(503)
      expect((await fetch(`${health}/livez`)).status).toBe(200)
    })

    test('it recovers by itself, and hears of changes again', async () => {
      await postgres.resume()
      const back = await eventually(
        () => api(0, '/api/documents'),
        ({ status }) => status === 200,
      )
      expect(back.status).toBe(200)
      const known = await eventually(() => generation(1), Number.isInteger)
      expect((await apply(0, manifest('back'))).code).toBe(0)
      expect(
        await eventually(
          () => generation(1),
          (now) => now > known,
        ),
      ).toBeGreaterThan(known)
      const { health } = serverOf(0).ready.urls
      const ready = () => fetch(`${health}/readyz`).then(({ status }) => status)
      expect(await eventually(ready, (status) => status === 200)).toBe(200)
    })
  })

  describe('when the database freezes, and neither answers nor closes', () => {
    beforeAll(() => postgres.freeze())
    afterAll(() => postgres.thaw())

    test('control answers 503 within ten seconds, and says why', async () => {
      const startedAt = performance.now()
      const paths = ['/api/documents', '/ca/certificates', '/api/bindings']
      const answers = await Promise.all(paths.map((path) => api(0, path)))
      expect(performance.now() - startedAt).toBeLessThan(boundMs + 2_000)
      for (const { status, body } of answers) {
        expect([status, body['detail']]).toEqual([
          503,
          expect.stringContaining('cannot be reached'),
        ])
      }
    })

    test('the data path goes on serving meanwhile, and a change is refused in the same time', async () => {
      const startedAt = performance.now()
      const applying = apply(0, manifest('frozen'))
      for (let count = 0; count < 5; count += 1) expect((await call()).stdout).toBe('200')
      expect((await applying).stderr).toContain('The database cannot be reached')
      expect(performance.now() - startedAt).toBeLessThan(boundMs + 2_000)
      const { health } = serverOf(0).ready.urls
      expect((await fetch(`${health}/readyz`)).status).toBe(503)
    })

    test('it recovers by itself', async () => {
      postgres.thaw()
      const applied = await eventually(
        () => apply(0, manifest('thawed')),
        ({ code }) => code === 0,
      )
      expect([applied.code, applied.stderr]).toEqual([0, ''])
    })
  })

  describe('a start while the database is away', () => {
    const restart = async (index: 0 | 1) => {
      const server = serverOf(index)
      await server.end()
      started.splice(started.indexOf(server), 1)
      return start(homes[index])
    }
    const metric = async () => {
      const text = await (await fetch(`${serverOf(0).ready.urls.health}/metrics`)).text()
      return /^twinlatch_gateway_snapshot_from_disk (\d)$/m.exec(text)?.[1]
    }
    const snapshotOf = async () => (await api(0, '/api/status')).body['snapshot']

    beforeAll(async () => {
      expect(await metric()).toBe('0')
      await postgres.halt()
      await restart(0)
    })
    afterAll(() => postgres.resume())

    test('serves the gateway from what it kept, which is sealed', async () => {
      expect((await call()).stdout).toBe('200')
      const kept = readFileSync(join(homes[0], 'gateway.snapshot'))
      expect(kept.includes('httpbin')).toBe(false)
      expect(statSync(join(homes[0], 'gateway.snapshot')).mode & 0o777).toBe(0o600)
    })

    test('says so in status, metrics and log', async () => {
      expect(await snapshotOf()).toEqual({ source: 'disk', takenAt: expect.any(String) })
      expect((await serverOf(0).cli(['status'])).stdout).toContain('cannot be reached')
      expect(await metric()).toBe('1')
      expect(serverOf(0).output()).toContain('gateway.started_from_disk')
      expect((await fetch(`${serverOf(0).ready.urls.health}/readyz`)).status).toBe(503)
    })

    test('explains what the gateway decides, and answers 503 to everything else', async () => {
      expect((await api(0, '/api/explanations?last=any')).status).toBe(200)
      for (const path of ['/api/documents', '/ca/certificates', '/oauth/token', '/nowhere']) {
        const { status, body } = await api(0, path)
        expect([path, status, body['code']]).toEqual([path, 503, 'store/unreachable'])
      }
    })

    test('is as before when the database is back, without a restart', async () => {
      await postgres.resume()
      const back = await eventually(snapshotOf, (snapshot) =>
        JSON.stringify(snapshot).includes('database'),
      )
      expect(back).toMatchObject({ source: 'database' })
      expect(await metric()).toBe('0')
      expect((await call()).stdout).toBe('200')
      const known = await generation(0)
      expect(await apply(1, manifest('after'))).toMatchObject({ code: 0 })
      expect(
        await eventually(
          () => generation(0),
          (now) => now > known,
        ),
      ).toBeGreaterThan(known)
      const { health } = serverOf(0).ready.urls
      expect((await fetch(`${health}/readyz`)).status).toBe(200)
    })

    test('takes seconds when the database is frozen', async () => {
      postgres.freeze()
      const startedAt = performance.now()
      await restart(0)
      expect(performance.now() - startedAt).toBeLessThan(boundMs + 10_000)
      expect((await call()).stdout).toBe('200')
      postgres.thaw()
      const back = await eventually(snapshotOf, (snapshot) =>
        JSON.stringify(snapshot).includes('database'),
      )
      expect(back).toMatchObject({ source: 'database' })
    })

    test('is refused with what is not authentic, or was never kept', async () => {
      const forged = join(homes[1], 'gateway.snapshot')
      await serverOf(1).end()
      started.splice(started.indexOf(serverOf(1)), 1)
      const bytes = readFileSync(forged)
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 10) ^ 1, bytes.length - 10)
      writeFileSync(forged, bytes)
      await postgres.halt()
      const up = (home: string) => run(twinlatchBin, ['up', '--ephemeral', '--home', home], { env })
      const refused = await up(homes[1])
      expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('does not open')])
      const fresh = await up(join(directory, 'four'))
      expect([fresh.code, fresh.stderr]).toEqual([1, expect.stringContaining('cannot be reached')])
      await postgres.resume()
      // With a database nobody looks at it, and it is written anew.
      await start(homes[1])
      expect(
        await eventually(
          async () => readFileSync(forged).equals(bytes),
          (same) => !same,
        ),
      ).toBe(false)
    })
  })

  test('the password is in no output, argument or file of theirs', async () => {
    const bad = await run(twinlatchBin, ['up', '--home', join(directory, 'three')], {
      env: {
        ...env,
        TWINLATCH_DATABASE_URL: (env['TWINLATCH_DATABASE_URL'] ?? '').replace('twinlatch:', 'who:'),
      },
    })
    expect(bad.code).toBe(1)
    expect(bad.stderr).toContain('The database refused the login')
    const commandLines = started.map(({ child }) =>
      readFileSync(`/proc/${child.pid}/cmdline`, 'utf8'),
    )
    const files = homes.flatMap((home) =>
      ['run.json', 'ca.pem', 'lock.json'].map((name) => readFileSync(join(home, name), 'utf8')),
    )
    const outputs = started.map((server) => server.output())
    expect(outputs.join('')).toContain('store.connection_lost')
    for (const text of [...outputs, ...commandLines, ...files, bad.stdout, bad.stderr]) {
      expect(text).not.toContain(postgres.password)
    }
  })

  test('an argument with a password is refused, and so is a copy onto them', async () => {
    const url = env['TWINLATCH_DATABASE_URL'] ?? ''
    const shown = await run(twinlatchBin, ['store', 'copy', '--from', url, '--to', 'sqlite:x.db'])
    expect([shown.code, shown.stderr.includes(postgres.password)]).toEqual([2, false])
    writeFileSync(join(directory, 'url'), `${url}\n`, { mode: 0o600 })
    const file = join(directory, 'moved.db')
    const from = ['store', 'copy', '--from-file', join(directory, 'url'), '--to', `sqlite:${file}`]
    expect(await run(twinlatchBin, from)).toMatchObject({ code: 0 })
    const back = ['store', 'copy', '--from', `sqlite:${file}`]
    const refused = await run(twinlatchBin, back, { env: { TWINLATCH_DATABASE_URL: url } })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('has tables already')
  })
})
