import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { createInterface } from 'node:readline'
import { connect } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { remove, run, type Server, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

describe('a server on a home of its own', () => {
  const directory = temporaryDirectory()
  const home = join(directory, 'home')
  const portBase = 20_000 + (process.pid % 20_000)
  let server: Server

  beforeAll(async () => {
    server = await startServer(['--sample', '--home', home, '--port-base', String(portBase)])
  })
  afterAll(async () => {
    await server.end()
    remove(directory)
  })

  test('says ready in exactly one line of JSON whose paths are absolute', () => {
    expect(server.output().trimEnd().split('\n')).toHaveLength(1)
    expect(server.ready).toEqual({
      ready: true,
      home,
      ca: join(home, 'ca.pem'),
      adminToken: join(home, 'admin-token'),
      urls: {
        control: `https://localhost:${portBase}`,
        gateway: `https://localhost:${portBase + 1}`,
        health: `http://localhost:${portBase + 4}`,
      },
    })
    for (const path of [server.ready.home, server.ready.ca, server.ready.adminToken]) {
      expect(isAbsolute(path)).toBe(true)
      expect(existsSync(path)).toBe(true)
    }
  })

  test('keeps what is secret readable by its owner only', () => {
    expect(statSync(home).mode & 0o777).toBe(0o700)
    for (const name of ['admin-token', 'master.key', 'twinlatch.db', 'run.json']) {
      expect(statSync(join(home, name)).mode & 0o077, name).toBe(0)
    }
  })

  test('leaves the keystore of the sample and its password, mode 0600', () => {
    for (const name of ['poster-quovadis.p12', 'password.txt']) {
      expect(statSync(join(home, 'sample', name)).mode & 0o777, name).toBe(0o600)
    }
  })

  test('answers health, readiness and metrics', async () => {
    for (const [path, body] of [
      ['livez', 'ok'],
      ['readyz', 'ok'],
      ['healthz', 'ok'],
      ['metrics', 'twinlatch_build_info'],
    ]) {
      const answer = await fetch(`${server.ready.urls.health}/${path}`)
      expect(answer.status, path).toBe(200)
      expect(await answer.text()).toContain(body)
    }
  })

  test('a second one on the same home names the pid of the first and exits 1', async () => {
    const second = await run(twinlatchBin, ['up', '--home', home])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain(String(server.child.pid))
  })

  test('a port in use is named, with --port-base as the cure', async () => {
    const other = join(directory, 'other')
    const answer = await run(twinlatchBin, ['up', '--home', other, '--port-base', String(portBase)])
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain(String(portBase))
    expect(answer.stderr).toContain('--port-base')
  })

  test('drains and exits 0 on SIGTERM, and starts again with all its data, overwriting nothing', async () => {
    const keystore = readFileSync(join(home, 'sample', 'poster-quovadis.p12'))
    const before = await server.cli(['cert', 'list', '-o', 'json'])
    expect(await server.end('SIGTERM')).toBe(0)
    expect(existsSync(join(home, 'run.json'))).toBe(false)
    server = await startServer(['--sample', '--home', home, '--port-base', String(portBase)])
    const after = await server.cli(['cert', 'list', '-o', 'json'])
    const serials = (text: string) =>
      (JSON.parse(text) as { serial: string; profile: string }[]).map(({ serial }) => serial).sort()
    const kept = serials(after.stdout)
    expect(kept).toEqual(expect.arrayContaining(serials(before.stdout)))
    expect(readFileSync(join(home, 'sample', 'poster-quovadis.p12'))).toEqual(keystore)
  })

  test('the control listener answers for its own names only', async () => {
    const url = server.ready.urls.control
    const status = async (...args: string[]) =>
      (await server.curl([...args, '-o', '/dev/null', '-w', '%{http_code}', `${url}/token_keys`]))
        .stdout
    expect(await status()).toBe('200')
    expect(await status('-H', 'Host: evil.example')).toBe('421')
    expect(await status('-H', 'Origin: https://evil.example')).toBe('403')
  })
})

test('an ephemeral server removes its home when it ends', async () => {
  const server = await startServer(['--ephemeral'])
  expect(existsSync(server.ready.home)).toBe(true)
  expect(await server.end('SIGINT')).toBe(0)
  expect(existsSync(server.ready.home)).toBe(false)
})

test('an ephemeral server removes its home also when a second signal cuts its shutdown off', async () => {
  const server = await startServer(['--ephemeral'])
  const { hostname, port } = new URL(server.ready.urls.control)
  const busy = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  busy.on('error', () => {})
  await once(busy, 'secureConnect')
  // A request whose body never comes, which a shutdown waits for.
  const head = ['POST /oauth/token HTTP/1.1', `Host: ${hostname}:${port}`, 'Content-Length: 9']
  busy.write([...head, 'Content-Type: application/x-www-form-urlencoded', '', 'a'].join('\r\n'))
  try {
    const ended = server.end()
    await vi.waitFor(() => expect(server.output()).toContain('stopping'), 10_000)
    const again = server.end()
    expect(await Promise.all([ended, again])).toEqual([143, 143])
    expect(existsSync(server.ready.home)).toBe(false)
  } finally {
    busy.destroy()
  }
})

test('a stack of its own ends with the command that started it, however that one ends', async () => {
  const script =
    'console.log(process.env.TWINLATCH_CA_FILE, process.pid); setInterval(() => {}, 1000)'
  const command = spawn(twinlatchBin, ['run', '--', 'node', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(createInterface({ input: command.stdout }), 'line')) as [string]
  const [caFile = '', pid] = line.split(' ')
  try {
    expect(existsSync(caFile)).toBe(true)
    command.kill('SIGKILL')
    await vi.waitFor(() => expect(existsSync(dirname(caFile))).toBe(false), 10_000)
  } finally {
    process.kill(Number(pid))
  }
})

test('a demo that is interrupted leaves neither its stack nor its files', async () => {
  const directory = temporaryDirectory()
  try {
    const demo = spawn(twinlatchBin, ['demo'], {
      stdio: 'ignore',
      env: { ...process.env, TMPDIR: directory },
    })
    const ended = once(demo, 'exit')
    await vi.waitFor(() => expect(filesOfDemo(directory)).toContain('admin-header.txt'), 20_000)
    demo.kill('SIGINT')
    expect(await ended).toEqual([130, null])
    await vi.waitFor(() => expect(readdirSync(directory)).toEqual([]), 10_000)
  } finally {
    remove(directory)
  }
})

function filesOfDemo(directory: string): readonly string[] {
  const demo = readdirSync(directory).find((name) => name.startsWith('twinlatch-demo-'))
  return demo === undefined ? [] : readdirSync(join(directory, demo))
}

test('an ephemeral start removes no home that was named, also when it refuses that home', async () => {
  const directory = temporaryDirectory()
  try {
    chmodSync(directory, 0o755)
    const answer = await run(twinlatchBin, ['up', '--ephemeral', '--home', directory])
    expect(answer.stderr).toContain('chmod 700')
    expect(existsSync(directory)).toBe(true)
  } finally {
    remove(directory)
  }
})

test('down ends no process that only has the id of a server that was killed', async () => {
  const directory = temporaryDirectory()
  const bystander = spawn('sleep', ['60'])
  try {
    const server = await startServer(['--ephemeral', '--home', directory])
    await server.end('SIGKILL')
    const runFile = join(directory, 'run.json')
    const state = JSON.parse(readFileSync(runFile, 'utf8')) as object
    writeFileSync(runFile, JSON.stringify({ ...state, pid: bystander.pid }))
    const answer = await server.cli(['down'])
    expect(answer.stdout).toContain('nothing is running')
    expect(bystander.signalCode).toBeNull()
    expect(existsSync(runFile)).toBe(false)
  } finally {
    bystander.kill()
    remove(directory)
  }
})

test('a home that others can enter is refused', async () => {
  const directory = temporaryDirectory()
  try {
    mkdirSync(join(directory, 'open'))
    chmodSync(join(directory, 'open'), 0o755)
    const answer = await run(twinlatchBin, ['up', '--home', join(directory, 'open')])
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain('chmod 700')
  } finally {
    remove(directory)
  }
})
