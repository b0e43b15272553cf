import { afterEach, describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { CliError, exitCodes } from './cli-error.ts'
import {
  alignColumns,
  type Column,
  type OutputFormat,
  parseOutputFormat,
  processTerminal,
  renderObject,
  renderRows,
} from './terminal.ts'

interface Row {
  readonly name: string
  readonly serial: string
}

const rows: readonly Row[] = [
  { name: 'a', serial: '01' },
  { name: 'longer', serial: '02' },
]
const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SERIAL', wide: true, value: ({ serial }) => serial },
  { title: 'LAST', value: ({ name }) => `${name}!` },
]

function render(format: OutputFormat, headers = true): string {
  return renderRows(rows, columns, { format, headers, nameOf: ({ name }) => `row/${name}` })
}

afterEach(() => vi.unstubAllEnvs())

describe('rows', () => {
  test('a table aligns its columns, pads the last one never and leaves wide ones out', () => {
    expect(render('table')).toBe('NAME    LAST\na       a!\nlonger  longer!')
  })

  test('-o wide shows every column', () => {
    expect(render('wide').split('\n')[1]).toBe('a       01      a!')
  })

  test('--no-headers leaves the first line out and nothing else', () => {
    expect(render('table', false)).toBe('a       a!\nlonger  longer!')
  })

  test('JSON and YAML hold the objects themselves, not the columns', () => {
    expect(JSON.parse(render('json'))).toEqual(rows)
    expect(parse(render('yaml'))).toEqual(rows)
  })

  test('-o name prints one name a line, for scripts', () => {
    expect(render('name')).toBe('row/a\nrow/longer')
  })

  test('an empty list is an empty array as JSON and headers alone as a table', () => {
    const empty = (format: OutputFormat) =>
      renderRows([], columns, { format, headers: true, nameOf: () => '' })
    expect(empty('json')).toBe('[]')
    expect(empty('table')).toBe('NAME  LAST')
  })
})

describe('alignment', () => {
  test('lines of different lengths align by the cells they have', () => {
    expect(alignColumns([['a', 'b'], ['ccc'], ['d', 'e', 'f']])).toBe('a    b\nccc\nd    e  f')
  })

  test('no line ends in blanks, also when its last cell is empty', () => {
    expect(
      alignColumns([
        ['aaa', ''],
        ['b', 'c'],
      ]),
    ).toBe('aaa\nb    c')
  })

  test('characters outside the basic plane count as one', () => {
    expect(
      alignColumns([
        ['𝒜', 'x'],
        ['b', 'y'],
      ]),
    ).toBe('𝒜  x\nb  y')
  })
})

describe('formats', () => {
  test.each(['table', 'wide', 'json', 'yaml', 'name'])('%s is known', (format) => {
    expect(parseOutputFormat(format)).toBe(format)
  })

  test.each(['', 'JSON', 'xml', 'jsonpath={.a}'])('"%s" is wrong usage', (format) => {
    expect(() => parseOutputFormat(format)).toThrow(
      expect.objectContaining({ exitCode: exitCodes.usage }),
    )
  })

  test('jsonpath is refused as not built, not as unknown', () => {
    const refusal = () => parseOutputFormat('jsonpath={.a}')
    expect(refusal).toThrow(CliError)
    expect(refusal).toThrow(expect.objectContaining({ why: 'jsonpath is not built yet.' }))
  })

  test('an object has no form of its own for people', () => {
    expect(renderObject({ a: 1 }, 'table')).toBeNull()
    expect(JSON.parse(renderObject({ a: 1 }, 'json') ?? '')).toEqual({ a: 1 })
    expect(parse(renderObject({ a: 1 }, 'yaml') ?? '')).toEqual({ a: 1 })
  })
})

describe('symbols', () => {
  const pass = (environment: Readonly<Record<string, string>>) => {
    for (const name of ['LC_ALL', 'LC_CTYPE', 'LANG']) vi.stubEnv(name, environment[name])
    return processTerminal().symbols.pass
  }

  test.skipIf(process.platform === 'darwin').each([
    ['✓', {}],
    ['✓', { LANG: 'de_DE.UTF-8' }],
    ['✓', { LANG: 'en_US.utf8' }],
    ['+', { LANG: 'C' }],
    ['+', { LC_ALL: 'POSIX', LANG: 'de_DE.UTF-8' }],
    ['✓', { LC_ALL: 'C.UTF-8', LANG: 'C' }],
    // An empty variable counts as none (POSIX 8.2).
    ['✓', { LC_ALL: '', LANG: 'de_DE.UTF-8' }],
  ] as const)('%s for %j', (symbol, environment) => {
    expect(pass(environment)).toBe(symbol)
  })
})
