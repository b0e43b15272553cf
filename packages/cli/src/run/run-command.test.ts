import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { ServerConnection } from '../connection.ts'
import { type RunTarget, runCommand } from './run-command.ts'

let directory: TemporaryDirectory
let target: RunTarget

const service = {
  name: 'sample-app',
  instance_name: 'sample-app',
  label: 'destination',
  plan: 'lite',
  tags: ['destination'],
  credentials: { clientid: 'sb-1', clientsecret: 's3cret' },
}

beforeEach(async () => {
  directory = await createTemporaryDirectory()
  const caFile = join(directory.path, 'ca.pem')
  writeFileSync(caFile, 'OUR AUTHORITY\n')
  target = {
    server: {
      url: 'https://localhost:1',
      control: { bindings: { list: async () => [service], show: async () => ({ service }) } },
    } as unknown as ServerConnection,
    caFile,
    urls: { control: 'https://localhost:1', gateway: 'https://localhost:2' },
    hostNames: ['a.localhost'],
  }
  for (const name of [
    'NODE_EXTRA_CA_CERTS',
    'SSL_CERT_FILE',
    'JAVA_TOOL_OPTIONS',
    'NODE_OPTIONS',
  ]) {
    vi.stubEnv(name, undefined)
  }
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await directory.remove()
})

/** Runs a script as the command; what it leaves in `seen.json` is what it saw. */
async function run(script: string): Promise<{ code: number; seen: Record<string, string> }> {
  const file = join(directory.path, 'seen.json')
  const whole = `const seen = {}; ${script}; require('fs').writeFileSync(${JSON.stringify(file)}, JSON.stringify(seen))`
  const code = await runCommand([process.execPath, '-e', whole], target)
  return { code, seen: existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {} }
}

const readEnvironment = `
  Object.assign(seen, process.env);
  const read = (file) => require('fs').readFileSync(file, 'utf8');
  seen.vcapFile = read(process.env.VCAP_SERVICES_FILE_PATH);
  seen.secret = read(process.env.SERVICE_BINDING_ROOT + '/sample-app/clientsecret');
  seen.extra = read(process.env.NODE_EXTRA_CA_CERTS);
  seen.bundle = read(process.env.SSL_CERT_FILE);
  seen.javaHosts = read(/hosts.file=(\\S+)/.exec(process.env.JAVA_TOOL_OPTIONS)[1]);
  seen.modes = [process.env.VCAP_SERVICES_FILE_PATH, process.env.SERVICE_BINDING_ROOT,
    process.env.SERVICE_BINDING_ROOT + '/..'].map((file) => require('fs').statSync(file).mode & 0o77).join()`

describe('the environment', () => {
  test('holds bindings in all three forms, authorities, names and URLs', async () => {
    const { code, seen } = await run(readEnvironment)
    expect(code).toBe(0)
    expect(JSON.parse(seen['VCAP_SERVICES'] ?? '')).toEqual({ destination: [service] })
    expect(seen['vcapFile']).toBe(seen['VCAP_SERVICES'])
    expect(seen['secret']).toBe('s3cret')
    expect(seen['extra']).toContain('OUR AUTHORITY')
    expect(seen['bundle']).toContain('OUR AUTHORITY')
    expect(seen['REQUESTS_CA_BUNDLE']).toBe(seen['SSL_CERT_FILE'])
    expect(seen['NODE_OPTIONS']).toContain('localhost-resolver.js')
    expect(seen['javaHosts']).toContain('127.0.0.1 a.localhost\n')
    expect(seen['TWINLATCH_SERVER']).toBe('https://localhost:1')
    expect(seen['TWINLATCH_GATEWAY_URL']).toBe('https://localhost:2')
  })

  test('is readable by its owner only, and gone when the command has ended', async () => {
    const { seen } = await run(readEnvironment)
    expect(seen['modes']).toBe('0,0,0')
    for (const name of ['VCAP_SERVICES_FILE_PATH', 'SERVICE_BINDING_ROOT', 'SSL_CERT_FILE']) {
      expect(existsSync(seen[name] ?? '/'), name).toBe(false)
    }
    expect(process.env['VCAP_SERVICES']).toBeUndefined()
  })

  test('adds to what was set and drops none of it', async () => {
    const mine = join(directory.path, 'mine.pem')
    writeFileSync(mine, 'MY AUTHORITY\n')
    vi.stubEnv('NODE_EXTRA_CA_CERTS', mine)
    vi.stubEnv('SSL_CERT_FILE', mine)
    vi.stubEnv('NODE_OPTIONS', '--no-deprecation')
    vi.stubEnv('JAVA_TOOL_OPTIONS', '-Dmine=1')
    const { seen } = await run(readEnvironment)
    for (const name of ['extra', 'bundle']) {
      expect(seen[name]).toContain('MY AUTHORITY')
      expect(seen[name]).toContain('OUR AUTHORITY')
    }
    expect(seen['NODE_OPTIONS']).toMatch(/^--no-deprecation --import /)
    expect(seen['JAVA_TOOL_OPTIONS']).toMatch(/^-Dmine=1 -D/)
  })

  test('is gone too when the command could not be started, which is named', async () => {
    const missing = runCommand(['/no/such/program'], target)
    await expect(missing).rejects.toMatchObject({
      name: 'CliError',
      message: expect.stringContaining('/no/such/program'),
    })
  })
})

describe('the end', () => {
  test.each([0, 1, 42])('exit code %i is passed on', async (code) => {
    expect((await run(`process.exit(${code})`)).code).toBe(code)
  })

  test('a command that a signal ended yields 128 and its number', async () => {
    expect((await run(`process.kill(process.pid, 'SIGKILL')`)).code).toBe(137)
  })

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const)(
    '%s is passed on, and the command decides what it means',
    async (signal) => {
      // In a process of its own, because the signal goes to the whole of it.
      const script = `
        import { runCommand } from ${JSON.stringify(new URL('./run-command.ts', import.meta.url).href)}
        const target = { server: { url: 'x', control: { bindings: { list: async () => [] } } },
          caFile: ${JSON.stringify(target.caFile)}, urls: {}, hostNames: [] }
        const child = 'process.on("${signal}", () => process.exit(7)); setInterval(() => {}, 1000); console.log("up")'
        process.exitCode = await runCommand([process.execPath, '-e', child], target)`
      const parent = spawn(process.execPath, ['--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(createInterface({ input: parent.stdout }), 'line')
      parent.kill(signal)
      const [code] = await once(parent, 'exit')
      expect(code).toBe(7)
    },
  )

  test.skipIf(process.platform !== 'linux' || spawnSync('script', ['--version']).error)(
    'Ctrl-C reaches the command once: the terminal sends it there, so that we do not',
    async () => {
      const child = `let count = 0
        process.on('SIGUSR2', () => console.log('count ' + count))
        process.on('SIGINT', () => { count += 1; console.log('interrupted ' + count); process.exit(9) })
        setInterval(() => {}, 1000)
        console.log('up')`
      const main = join(directory.path, 'main.mjs')
      writeFileSync(
        main,
        `import { runCommand } from ${JSON.stringify(new URL('./run-command.ts', import.meta.url).href)}
        const target = { server: { url: 'x', control: { bindings: { list: async () => [] } } },
          caFile: ${JSON.stringify(target.caFile)}, urls: {}, hostNames: [] }
        console.log('pid ' + process.pid + '.')
        process.exitCode = await runCommand([process.execPath, '-e', ${JSON.stringify(child)}], target)`,
      )
      const terminal = spawn('script', ['-qec', `${process.execPath} ${main}`, '/dev/null'], {
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const said: string[] = []
      for await (const line of createInterface({ input: terminal.stdout })) {
        said.push(line.trim())
        const pid = Number(/pid (\d+)\./.exec(said.join(' '))?.[1])
        if (line.startsWith('up')) {
          // What would be passed on twice, and behind it a signal that is passed on in any case.
          process.kill(pid, 'SIGINT')
          process.kill(pid, 'SIGUSR2')
        }
        if (line.startsWith('count')) terminal.stdin.write('\u0003')
      }
      expect(said).toContain('count 0')
      expect(said.join(' ')).toContain('interrupted 1')
    },
  )

  test('no handler of ours is left behind', async () => {
    const before = process.listenerCount('SIGTERM')
    await run('')
    expect(process.listenerCount('SIGTERM')).toBe(before)
  })
})
