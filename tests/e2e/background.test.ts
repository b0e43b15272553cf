import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { remove, run, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

let directory: string
let home: string

beforeEach(() => {
  directory = temporaryDirectory()
  home = join(directory, 'home')
})
afterEach(async () => {
  await run(twinlatchBin, ['down', '--home', home])
  remove(directory)
})

/** A call that leaves a warning in the log, and its status. */
async function refusedToken(control: string, ca: string): Promise<string> {
  const answer = await run('curl', [
    ...['-sS', '--cacert', ca, '-o', '/dev/null', '-w', '%{http_code}'],
    ...['-d', 'grant_type=client_credentials&client_id=nobody&client_secret=wrong'],
    `${control}/oauth/token`,
  ])
  return answer.stdout
}

describe('a server in the background', () => {
  const up = ['up', '-d', '-o', 'json', '--ephemeral', '--home']

  test('returns when it is ready, lets go of the terminal, logs into its home and ends by down', async () => {
    // Ends only if the server holds neither of the streams of the command that started it.
    const started = await run(twinlatchBin, [...up, home])
    expect(started.code, started.stderr).toBe(0)
    const { urls, ca } = JSON.parse(started.stdout)
    expect(await refusedToken(urls.control, ca)).toBe('401')
    expect(readFileSync(join(home, 'twinlatch.log'), 'utf8')).toContain('"event":"token.refused"')
    expect(statSync(join(home, 'twinlatch.log')).mode & 0o777).toBe(0o600)
    expect((await run(twinlatchBin, ['down', '--home', home])).stdout).toContain('stopped')
    for (const name of ['run.json', 'lock.json']) {
      expect(existsSync(join(home, name)), name).toBe(false)
    }
  })

  test('that cannot start says why, and only that', async () => {
    expect((await run(twinlatchBin, [...up, home])).code).toBe(0)
    const second = await run(twinlatchBin, [...up, home])
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('in use by process')
    expect(second.stderr).not.toContain('token.refused')
  })

  test('sets a log aside that has become too long', async () => {
    expect((await run(twinlatchBin, [...up, home])).code).toBe(0)
    await run(twinlatchBin, ['down', '--home', home])
    truncateSync(join(home, 'twinlatch.log'), 8 * 1024 * 1024 + 1)
    expect((await run(twinlatchBin, [...up, home])).code).toBe(0)
    expect(statSync(join(home, 'twinlatch.log')).size).toBeLessThan(1024)
    expect(existsSync(join(home, 'twinlatch.log.1'))).toBe(true)
  })
})

describe('a server whose terminal is gone', () => {
  test('answers as before, and stops as before', async () => {
    const child = spawn(twinlatchBin, ['up', '-o', 'json', '--home', home, '--ephemeral'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [line] = await once(createInterface({ input: child.stdout }), 'line')
    const { urls, ca } = JSON.parse(String(line))
    child.stdout.destroy()
    child.stderr.destroy()
    expect(await refusedToken(urls.control, ca)).toBe('401')
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(existsSync(join(home, 'run.json'))).toBe(false)
  })

  test('told so by SIGHUP, cleans up and ends', async () => {
    const server = await startServer(['--ephemeral'])
    expect(await server.end('SIGHUP')).toBe(0)
    expect(existsSync(server.ready.home)).toBe(false)
  })
})
