import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientsOf, destinationOf } from './kill-rounds.ts'
import { remove, run, type Server, startServer, temporaryDirectory, twinlatchBin } from './stack.ts'

const directory = temporaryDirectory()
const disk = join(directory, 'disk')
const home = join(disk, 'home')

/** A small disk of our own; where one may not mount, these tests cannot be. */
function mountDisk(): boolean {
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m,mode=700', 'twinlatch', disk])
    return true
  } catch {
    process.stderr.write('skipped: no right to mount a disk, so none can be filled\n')
    return false
  }
}
const mounted = process.platform === 'linux' && mountDisk()

const remount = (mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, disk])

afterAll(() => {
  if (mounted) execFileSync('umount', ['-l', disk])
  remove(directory)
})

/** Takes the last free byte. */
function fill(): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize))
}

describe.skipIf(!mounted)('a full disk', () => {
  const acknowledged: string[] = []
  let server: Server

  const create = async (name: string) => {
    const clients = clientsOf(server)
    try {
      await clients.destinations.create('subaccount', destinationOf(name))
      acknowledged.push(name)
      return null
    } catch (error) {
      return error as { status?: number; message: string }
    } finally {
      await clients.close()
    }
  }
  const names = async () => {
    const clients = clientsOf(server)
    const stored = await clients.destinations.list('subaccount')
    await clients.close()
    for (const body of stored) expect(body).toEqual(destinationOf(body['Name'] ?? ''))
    return stored.map((body) => body['Name'])
  }

  beforeAll(async () => {
    server = await startServer(['--ephemeral', '--home', home])
  })

  test('is a 503 that says so, and what is there is still served', async () => {
    expect(await create('before')).toBeNull()
    fill()
    // What the log has room for is still taken; then it is over.
    let refused: Awaited<ReturnType<typeof create>> = null
    for (let count = 0; count < 500 && !refused; count += 1) refused = await create(`full-${count}`)
    expect(refused).toMatchObject({ status: 503 })
    expect(refused?.message).toContain('The disk is full')
    expect(await names()).toEqual(expect.arrayContaining(acknowledged))
    expect((await fetch(`${server.ready.urls.health}/livez`)).status).toBe(200)
  })

  test('loses nothing that was acknowledged, also not when the server is killed on it', async () => {
    await server.end('SIGKILL')
    const started = await run(twinlatchBin, ['up', '--ephemeral', '--home', home, '-o', 'json'], {
      timeoutMs: 20_000,
    })
    expect(started.stdout).toBe('')
    expect(started.code).toBe(1)
    expect(started.stderr).toMatch(/disk is full|no space left/i)
    rmSync(join(disk, 'filler'))
    server = await startServer(['--ephemeral', '--home', home])
    expect((await names()).sort()).toEqual([...acknowledged].sort())
    expect(await create('after')).toBeNull()
  })

  test('read-only, it is no home to start on: the reason is named and nothing is changed', async () => {
    await server.end()
    remount('ro')
    const refused = await run(twinlatchBin, ['up', '--ephemeral', '--home', home])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/cannot be written|read-only/i)
    expect(refused.stderr).not.toContain('    at ')
    remount('rw')
    server = await startServer(['--ephemeral', '--home', home])
    expect((await names()).sort()).toEqual([...acknowledged].sort())
    await server.end()
    expect(existsSync(join(home, 'run.json'))).toBe(false)
  })
})
