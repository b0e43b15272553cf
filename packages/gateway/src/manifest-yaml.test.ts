import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { Composer } from 'yaml'
import { parseManifests } from './manifest.ts'
import { manifestLimits, readYaml } from './manifest-yaml.ts'

const read = (text: string) => readYaml({ name: 'f.yaml', text })
const messages = (text: string) => read(text).problems.map(({ message }) => message)

test('documents are counted from 0 and empty ones are skipped', () => {
  const { documents, problems } = read('---\na: 1\n---\n# nothing\n---\nb: [x, "y"]\n')
  expect(problems).toEqual([])
  expect(documents).toEqual([
    { file: 'f.yaml', index: 0, value: { a: 1 } },
    { file: 'f.yaml', index: 2, value: { b: ['x', 'y'] } },
  ])
})

test('a map of many keys is read, or refused for a repeated one, in time', () => {
  const keys = Array.from({ length: 60_000 }, (_, index) => `k${index}: 1`)
  const startedAt = performance.now()
  expect(messages(keys.join('\n'))).toEqual([])
  expect(messages([...keys, 'k7: 2'].join('\n'))).toEqual([expect.stringMatching(/unique, "k7"/)])
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})

test.each([
  ['brackets', '['.repeat(1_000_000)],
  ['dashes', '- '.repeat(1_000_000)],
  ['question marks', '? '.repeat(1_000_000)],
  ['maps', '{a: '.repeat(500_000)],
])('a megabyte of opening %s is refused before it is read', (_, text) => {
  const begin = process.threadCpuUsage()
  expect(messages(text)).toEqual([expect.stringMatching(/nested more than 64/)])
  expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(100)
})

test('64 levels are read, one more is not', () => {
  const nest = (levels: number) => `a: ${'['.repeat(levels)}${']'.repeat(levels)}`
  expect(messages(nest(63))).toEqual([])
  expect(messages(`a: ${'['.repeat(64)}1${']'.repeat(64)}`)).toEqual([
    expect.stringMatching(/nested/),
  ])
})

test('keys that become one name in JSON are no two keys', () => {
  expect(messages('1: a\n"1": b')).toEqual([expect.stringMatching(/unique/)])
  expect(messages('a: { b: [{ c: 1, c: 2 }] }')).toEqual([expect.stringMatching(/unique, "c"/)])
})

test.each([
  ['a list', '? [a]\n: 1'],
  ['an alias', 'a: &x b\nc: { *x : 1 }'],
])('%s as a key is refused', (_, text) => {
  expect(messages(text)).toEqual([expect.stringMatching(/key/)])
})

test('a broken document is refused with its line, and the others are read', () => {
  const { documents, problems } = read('a: 1\n---\nb: [1\nc: 2\n---\nd: 3\n')
  expect(documents.map(({ index }) => index)).toEqual([0, 2])
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatchObject({ file: 'f.yaml', document: 1 })
  expect(problems[0]?.message).toMatch(/not valid YAML: line 4, column 1/)
})

test.each([
  ['a key twice', 'a: 1\na: 2', /unique/],
  ['a list', '- a', /not an object/],
  ['a text', 'hello', /not an object/],
  ['__proto__', '__proto__: { a: 1 }', /JSON/],
  ['not a number', 'a: .nan', /JSON/],
  ['an unknown tag', 'a: !!js/function "x"', /tag/],
  ['an alias without anchor', 'a: *b', /alias/],
])('%s is refused', (_, text, message) => {
  expect(messages(text)).toEqual([expect.stringMatching(message)])
})

test('nothing of a manifest reaches the warnings of the process', async () => {
  const warnings: Error[] = []
  const listen = (warning: Error) => warnings.push(warning)
  process.on('warning', listen)
  messages('a: !!set\n  ? !!binary c2VjcmV0\nb:\n  !!binary c2VjcmV0 : 1')
  await new Promise(setImmediate)
  process.off('warning', listen)
  expect(warnings).toEqual([])
})

test('anchors are written out', () => {
  expect(read('a: &x { b: 1 }\nc: *x').documents[0]?.value).toEqual({ a: { b: 1 }, c: { b: 1 } })
})

test('a merge key is no merge but an ordinary name', () => {
  expect(read('a: &x { b: 1 }\nc: { <<: *x }').documents[0]?.value).toEqual({
    a: { b: 1 },
    c: { '<<': { b: 1 } },
  })
})

test('billion laughs are refused', () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]']
  for (let n = 1; n < 10; n++) {
    lines.push(`a${n}: &a${n} [${Array.from({ length: 9 }, () => `*a${n - 1}`).join(', ')}]`)
  }
  expect(messages(lines.join('\n'))).toEqual([expect.stringMatching(/aliases/)])
})

test('more aliases than allowed are refused, as many as allowed are read', () => {
  const text = (count: number) =>
    `a: &x 1\nb: [${Array.from({ length: count }, () => '*x').join(', ')}]`
  expect(messages(text(manifestLimits.aliasesMax))).toEqual([])
  expect(messages(text(manifestLimits.aliasesMax + 1))).toHaveLength(1)
})

test.each([
  ['flow lists', (n: number) => `a: ${'['.repeat(n)}${']'.repeat(n)}`],
  ['flow maps', (n: number) => `a: ${'{a: '.repeat(n)}1${'}'.repeat(n)}`],
  ['block lists on one line', (n: number) => `a:\n  ${'- '.repeat(n)}1`],
  [
    'block maps',
    (n: number) => Array.from({ length: n }, (_, i) => `${' '.repeat(i)}a:`).join('\n'),
  ],
  ['open lists', (n: number) => `a: ${'['.repeat(n)}`],
])('%s: 20 levels are read, 1000 refused', (_, text) => {
  expect(messages(text(20)).filter((message) => message.includes('deep'))).toEqual([])
  expect(messages(text(1000))).toEqual([expect.stringMatching(/deep|not YAML/)])
})

test('a file that is nothing but brackets is refused in time', () => {
  const startedAt = performance.now()
  for (const text of ['['.repeat(100_000), '{'.repeat(100_000), '- '.repeat(100_000)]) {
    expect(messages(text).length).toBeGreaterThan(0)
  }
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

test('too many documents and too large a file are refused', () => {
  const { documents, problems } = read('a: 1\n---\n'.repeat(manifestLimits.documentsMax + 5))
  expect(documents).toHaveLength(manifestLimits.documentsMax)
  expect(problems).toHaveLength(1)
  expect(messages('#'.repeat(manifestLimits.fileCharactersMax + 1))).toEqual([
    expect.stringMatching(/larger than 4 MiB/),
  ])
})

const yamlish = fc
  .array(
    fc.constantFrom(
      ...[
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '[',
        ']',
        '{',
        '}',
        '&x ',
        '*x',
        '"',
        "'",
        '|',
        '>',
        '#',
        '---\n',
        '!!',
        '?',
        ',',
        '<<',
        '\t',
        '%',
      ],
    ),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''))

test('any text gives documents or problems and never throws', () => {
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string({ unit: 'binary' })), (text) => {
      const { documents } = read(text)
      for (const { value } of documents) expect(JSON.parse(JSON.stringify(value))).toEqual(value)
    }),
    { numRuns: 500 },
  )
})

test('what JSON can say comes back as it was', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text !== '__proto__')
  const json = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 })
  fc.assert(
    fc.property(json, (value) => {
      const clean = JSON.parse(JSON.stringify(value).replaceAll('"__proto__"', '"proto"'))
      // -0 has no JSON text.
      expect(read(JSON.stringify(clean)).documents[0]?.value).toEqual(clean)
    }),
    { numRuns: 300 },
  )
})

describe('what there is of YAML in one call', () => {
  const value = manifestLimits.nodesMax
  test.each([
    ['a flow sequence', `data: [${'1,'.repeat(value)}1]`],
    ['a block sequence', `data:\n${'- 1\n'.repeat(value)}`],
    ['a map', `data:\n${Array.from({ length: value / 2 }, (_, i) => `  k${i}: v\n`).join('')}`],
    ['empty values', `data:\n${'- \n'.repeat(1_000_000)}`],
    ['comments', '#\n'.repeat(1_000_000)],
    ['blank lines', '\n'.repeat(2_000_000)],
  ])('is bounded before anything is composed: %s', (_name, text) => {
    const composed = vi.spyOn(Composer.prototype, 'next')
    try {
      expect(messages(text)).toEqual([
        expect.stringMatching(/more than [\d ]+ YAML (values|tokens)/),
      ])
      expect(composed.mock.calls.filter(([{ type }]) => type === 'document')).toEqual([])
    } finally {
      composed.mockRestore()
    }
  })

  test.each([
    ['lines', '', '[*]}\n'],
    ['marks', 'a: [', ',,'],
    ['tags', 'a: [', '!!x '],
    ['keys', '', '{? [a]\n: {b: c}}\n'],
    ['documents', '', '---\n} } }\n'],
  ])('ends with more faults than a person could read: broken %s', (_name, begin, part) => {
    const text = `${begin}${part.repeat(manifestLimits.faultsMax)}`
    expect(messages(text)).toEqual(['more than 1000 faults of YAML in one call'])
    expect(messages(begin + part.repeat(30)).join()).toMatch(/not valid YAML: line \d/)
  })

  test('counts over all files, and is told once', () => {
    const half = `data: [${'1,'.repeat(manifestLimits.nodesMax * 0.6)}1]`
    const files = ['a', 'b', 'c'].map((name) => ({ name, text: half }))
    const budget = parseManifests(files).problems.filter(({ message }) =>
      /YAML values/.test(message),
    )
    expect(budget.map(({ file }) => file)).toEqual(['b'])
  })
})
