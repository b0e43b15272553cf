import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { readServerConfig } from './server-config.ts'

let directory: TemporaryDirectory

beforeEach(async () => {
  directory = await createTemporaryDirectory()
})
afterEach(() => directory.remove())

function read(text: string) {
  const file = join(directory.path, 'config.yaml')
  writeFileSync(file, text)
  return readServerConfig(file)
}

const defaults = () => readServerConfig(join(directory.path, 'none.yaml'))

describe('a configuration', () => {
  test('may be absent: the defaults', () => {
    expect(defaults()).toMatchObject({
      log: { level: 'warn' },
      gateway: {
        portMap: { '443': 9443 },
        meshHop: { enabled: false },
        xfcc: { mode: 'SANITIZE_SET' },
      },
    })
  })

  test.each(['', '# nothing yet\n', '{}', 'gateway: {}\nlog: {}'])(
    'that says nothing is the defaults: %j',
    (text) => {
      expect(read(text)).toEqual(defaults())
    },
  )

  test('changes what it names and nothing else', () => {
    expect(read('gateway:\n  meshHop:\n    enabled: true\n')).toEqual({
      ...defaults(),
      gateway: {
        ...defaults().gateway,
        meshHop: { ...defaults().gateway.meshHop, enabled: true },
      },
    })
  })
})

describe('what cannot be used is refused, with every fault and its place', () => {
  test.each([
    ['an unknown section', 'gatway: {}', ['gatway']],
    [
      'an unknown key below',
      'gateway: { meshHop: { enable: true } }',
      ['gateway.meshHop', 'enable'],
    ],
    ['a wrong value', 'log: { level: loud }', ['log.level']],
    [
      'two wrong values',
      'log: { level: 1 }\ngateway: { istioCompat: yes please }',
      ['log.level', 'gateway.istioCompat'],
    ],
    ['a section without content', 'gateway:\n', ['gateway']],
    ['a list', '- a', ['object']],
    ['a text', 'hello', ['object']],
    ['a key given twice', 'log: {}\nlog: {}', ['unique']],
    ['broken YAML', 'log: [', ['line 1']],
    ['directives without a document', '%YAML 1.2\n', ['directives-end']],
    ['two documents', 'log: {}\n---\nlog: {}', ['document']],
    ['an alias', 'log: &a { level: info }\ngateway: *a', ['alias']],
    ['an alias of nothing', 'log: *a', ['alias']],
    [
      'two ports mapped to one',
      'gateway: { portMap: { "443": 9443, "8443": 9443 } }',
      ['gateway.portMap'],
    ],
    [
      'a header that anyone can send, believed',
      'gateway: { xfcc: { mode: APPEND_FORWARD } }',
      ['gateway.xfcc.mode', 'trustedProxyAcknowledged'],
    ],
  ])('%s', (_what, text, parts) => {
    for (const part of parts) {
      expect(() => read(text)).toThrow(
        expect.objectContaining({
          name: 'CliError',
          message: expect.stringContaining('config.yaml'),
          why: expect.stringContaining(part),
          cure: expect.any(String),
        }),
      )
    }
  })

  test('a fault of the whole is not introduced by an empty place', () => {
    expect(() => read('hello')).toThrow(
      expect.objectContaining({ why: expect.not.stringMatching(/^:/) }),
    )
  })

  test('a file of more than 64 KiB', () => {
    expect(() => read(`#${'x'.repeat(64 * 1024)}`)).toThrow(
      expect.objectContaining({ why: 'it is larger than 64 KiB' }),
    )
  })

  test('a key given twice below, with its place', () => {
    expect(() => read('gateway:\n  xfcc: {}\n  xfcc: {}\n')).toThrow(
      expect.objectContaining({ why: expect.stringContaining('line 3, column 3') }),
    )
  })

  test.each([
    ['broken lines', '[*]}\n'.repeat(10_000)],
    ['aliases', `log: [${'*a, '.repeat(10_000)}]`],
    ['keys given twice', 'log: 1\n'.repeat(5_000)],
  ])('the first ten of thousands of %s, and how many follow', (_, text) => {
    const why = expect.stringMatching(/^([^\n]+\n){10}and \d{4,} more$/)
    expect(() => read(text)).toThrow(expect.objectContaining({ why }))
  })

  test.each(['{', '[', '- ', '? ', '{a: '])(
    '%j a thousand times, with the depth it may have',
    (part) => {
      const why = expect.stringMatching(/^line 1, column \d+: nested more than 64 levels deep$/)
      expect(() => read(part.repeat(1000))).toThrow(expect.objectContaining({ why }))
      expect(() => read(part.repeat(60))).toThrow(
        expect.objectContaining({ why: expect.not.stringContaining('levels') }),
      )
    },
  )

  test('thousands of keys, each compared once', () => {
    const text = Array.from({ length: 9_000 }, (_, index) => `${index}: \n`).join('')
    const begin = process.threadCpuUsage()
    expect(() => read(text)).toThrow(CliError)
    expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(400)
  })

  test('a directory in its place', () => {
    mkdirSync(join(directory.path, 'dir'))
    expect(() => readServerConfig(join(directory.path, 'dir'))).toThrow(CliError)
  })

  test('no text at all makes anything but a configuration or a refusal', () => {
    const fragment = fc.constantFrom(
      ...[
        'log:',
        ' level: info',
        '\n',
        '  ',
        '{',
        '}',
        '[',
        ']',
        '&a',
        '*a',
        '<<: *a',
        '- ',
        '!!js ',
        '"',
        ': ',
        '#',
        '? ',
        '|',
        '__proto__: {}',
      ],
    )
    const texts = fc.oneof(
      fc.string(),
      fc.array(fragment).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(read(text)).toHaveProperty('gateway')
        } catch (error) {
          expect(error).toBeInstanceOf(CliError)
        }
      }),
      { numRuns: 300 },
    )
  })
})
