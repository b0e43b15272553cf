import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Terminal } from '../terminal.ts'
import { hostNames, renderHostsLines, replaceHostsBlock, rewriteHostsFile } from './hosts.ts'

const lines = ['127.0.0.1 a.localhost', '::1 a.localhost']
const block = `# twinlatch begin\n${lines.join('\n')}\n# twinlatch end\n`

describe('the names', () => {
  test('are those that VirtualServices serve, and those of our own listeners', () => {
    const names = hostNames([
      { kind: 'VirtualService', spec: { hosts: ['b.mtls.localhost', 'a.localhost'] } },
      { kind: 'VirtualService', spec: { hosts: ['a.localhost', '*.mtls.localhost'] } },
      { kind: 'VirtualService', spec: { hosts: ['www.example.com', 'localhost.example.com'] } },
      { kind: 'VirtualService', spec: {} },
      { kind: 'Gateway', spec: { hosts: ['not.a.route.localhost'] } },
    ])
    expect(names).toEqual([
      'a.localhost',
      'authentication.cert.localhost',
      'authentication.localhost',
      'b.mtls.localhost',
    ])
  })

  test('get both loopback addresses', () => {
    expect(renderHostsLines(['a.localhost'])).toEqual(lines)
  })
})

describe('the block in a hosts file', () => {
  const before = '127.0.0.1 localhost\n'

  test('goes to the end, and away again without a trace', () => {
    const installed = replaceHostsBlock(before, lines)
    expect(installed).toBe(`${before}${block}`)
    expect(replaceHostsBlock(installed, [])).toBe(before)
  })

  test('is replaced, not added a second time; what follows it stays', () => {
    const changed = `${before}${block}192.0.2.1 mine\n`
    const again = replaceHostsBlock(changed, ['127.0.0.1 b.localhost'])
    expect(again.match(/twinlatch begin/g)).toHaveLength(1)
    expect(again).not.toContain('a.localhost')
    expect(again).toContain('192.0.2.1 mine\n')
    expect(replaceHostsBlock(replaceHostsBlock(before, lines), lines)).toBe(`${before}${block}`)
  })

  test('starts on a line of its own', () => {
    expect(replaceHostsBlock('127.0.0.1 localhost', lines)).toBe(`127.0.0.1 localhost\n${block}`)
    expect(replaceHostsBlock('', lines)).toBe(block)
  })

  test.each([
    ['a file without one', '127.0.0.1 localhost'],
    ['a beginning without an end', '# twinlatch begin\n192.0.2.1 mine\n'],
    ['an end without a beginning', '192.0.2.1 mine\n# twinlatch end\n'],
  ])('is not looked for in %s', (_what, text) => {
    expect(replaceHostsBlock(text, [])).toBe(text)
  })

  test('never takes with it what stands after a lone beginning', () => {
    const broken = '# twinlatch begin\n192.0.2.1 mine\n'
    expect(replaceHostsBlock(replaceHostsBlock(broken, lines), [])).toBe(broken)
  })
})

describe('the file', () => {
  let directory: TemporaryDirectory
  let file: string
  let said: string[]
  const terminal: Terminal = {
    out: (text) => said.push(text),
    note: () => {},
    symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
  }

  beforeEach(async () => {
    directory = await createTemporaryDirectory()
    file = join(directory.path, 'hosts')
    said = []
    writeFileSync(file, '127.0.0.1 localhost\n')
    chmodSync(file, 0o644)
  })
  afterEach(() => directory.remove())

  test('is written in place, so that its mode and its links stay', async () => {
    const before = statSync(file)
    await rewriteHostsFile(file, lines, terminal)
    expect(readFileSync(file, 'utf8')).toBe(`127.0.0.1 localhost\n${block}`)
    expect([statSync(file).ino, statSync(file).mode]).toEqual([before.ino, before.mode])
    await rewriteHostsFile(file, lines, terminal)
    await rewriteHostsFile(file, [], terminal)
    expect(readFileSync(file, 'utf8')).toBe('127.0.0.1 localhost\n')
    expect(said).toEqual([`✓ ${file} written`, `✓ ${file} unchanged`, `✓ ${file} written`])
  })

  test('that cannot be written is named, with the way by hand', async () => {
    const missing = join(directory.path, 'none')
    await expect(rewriteHostsFile(missing, lines, terminal)).rejects.toMatchObject({
      message: `${missing} cannot be written.`,
      cure: expect.stringContaining('hosts --print'),
    })
  })
})
