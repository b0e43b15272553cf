import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireHomeLock } from './home-lock.ts'

let home: TemporaryDirectory
let children: ChildProcess[]

beforeEach(async () => {
  home = await createTemporaryDirectory()
  children = []
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  await home.remove()
})

/** A process that takes the home, says so, and holds it until it is killed. */
async function startHolder(): Promise<ChildProcess> {
  const script = `
    import { acquireHomeLock } from ${JSON.stringify(new URL('./home-lock.ts', import.meta.url).href)}
    await acquireHomeLock(process.argv[1])
    console.log('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script, home.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  expect(line).toBe('held')
  return child
}

test('a second process is refused, and told the pid and start of the first', async () => {
  const holder = await startHolder()
  const refused = acquireHomeLock(home.path)
  await expect(refused).rejects.toMatchObject({ code: 'store/home-in-use' })
  await expect(refused).rejects.toThrow(new RegExp(`process ${holder.pid}, started at 20\\d\\d-`))
})

test('the kernel gives the home back when the holder is killed', async () => {
  const holder = await startHolder()
  const gone = once(holder, 'exit')
  holder.kill('SIGKILL')
  await gone
  const lock = await acquireHomeLock(home.path)
  expect(lock.pid).toBe(process.pid)
  await lock.stop()
})

test('a second lock in the same process is refused, and possible after stop', async () => {
  const first = await acquireHomeLock(home.path)
  await expect(acquireHomeLock(home.path)).rejects.toThrow(`process ${process.pid}`)
  await first.stop()
  await first.stop()
  expect(existsSync(join(home.path, 'lock.json'))).toBe(false)
  await (await acquireHomeLock(home.path)).stop()
})

test.each([
  ['of a dead process', JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '2020-01-01' })],
  ['that is cut short', '{"pid": 1'],
  ['of another form', '[1]'],
])('a note %s does not keep the home, and is not believed', async (_name, note) => {
  writeFileSync(join(home.path, 'lock.json'), note)
  const lock = await acquireHomeLock(home.path)
  expect(JSON.parse(readFileSync(join(home.path, 'lock.json'), 'utf8')).pid).toBe(process.pid)
  writeFileSync(join(home.path, 'lock.json'), note)
  await expect(acquireHomeLock(home.path)).rejects.toThrow('in use by another process')
  await lock.stop()
})

test('a directory that is not there is named', async () => {
  const refused = acquireHomeLock(join(home.path, 'missing'))
  await expect(refused).rejects.toMatchObject({ code: 'store/cannot-open' })
  await expect(refused).rejects.toThrow('missing')
})
