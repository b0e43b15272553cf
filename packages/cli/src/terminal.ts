import { stringify as toYaml } from 'yaml'
import { CliError, exitCodes } from './cli-error.ts'

/** Where a command writes: answers to stdout, everything else to stderr. */
export interface Terminal {
  out(text: string): void
  note(text: string): void
  readonly symbols: Symbols
}

interface Symbols {
  readonly pass: string
  readonly fail: string
  readonly skip: string
  readonly warn: string
}

const unicode: Symbols = { pass: '✓', fail: '✕', skip: '–', warn: '⚠' }
const ascii: Symbols = { pass: '+', fail: 'x', skip: '-', warn: '!' }

/** The process's own streams; ASCII symbols where the locale is not UTF-8. */
export function processTerminal(): Terminal {
  // An empty variable counts as none (POSIX 8.2).
  const named = ['LC_ALL', 'LC_CTYPE', 'LANG'].map((name) => process.env[name]).find(Boolean)
  const locale = named ?? 'UTF-8'
  return {
    out: (text) => process.stdout.write(`${obeyedByNoTerminal(text)}\n`),
    note: (text) => process.stderr.write(`${obeyedByNoTerminal(text)}\n`),
    symbols: /utf-?8/i.test(locale) || process.platform === 'darwin' ? unicode : ascii,
  }
}

/**
 * `text` with its control characters, but for line ends and tabs, as `\uNNNN`: servers and tenants
 * choose much of what is printed. JSON reads as the same value
 * afterwards, and YAML wherever it quotes them, as it does C0.
 */
export function obeyedByNoTerminal(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\t\n]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

const outputFormats = ['table', 'wide', 'json', 'yaml', 'name'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** The output format in `text`; anything else is wrong usage. */
export function parseOutputFormat(text: string): OutputFormat {
  const found = outputFormats.find((format) => format === text)
  if (found) return found
  throw new CliError(`Output format "${text}" is not known.`, {
    exitCode: exitCodes.usage,
    ...(text.startsWith('jsonpath') ? { why: 'jsonpath is not built yet.' } : {}),
    cure: `Use one of: ${outputFormats.join(', ')}.`,
  })
}

/** One column of a table; `wide` columns appear with `-o wide` only. */
export interface Column<Row> {
  readonly title: string
  readonly wide?: boolean
  value(row: Row): string
}

/** `rows` in the asked-for format. JSON and YAML are the API's own objects, unshortened. */
export function renderRows<Row extends object>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  options: { format: OutputFormat; headers: boolean; nameOf(row: Row): string },
): string {
  if (options.format === 'json') return JSON.stringify(rows, null, 2)
  if (options.format === 'yaml') return toYaml(rows).trimEnd()
  if (options.format === 'name') return rows.map(options.nameOf).join('\n')
  const shown = columns.filter((column) => options.format === 'wide' || !column.wide)
  const cells = rows.map((row) => shown.map((column) => column.value(row)))
  const lines = options.headers ? [shown.map((column) => column.title), ...cells] : cells
  return alignColumns(lines)
}

/** One object as JSON or YAML; `null` when the format is one for people. */
export function renderObject(value: object, format: OutputFormat): string | null {
  if (format === 'json') return JSON.stringify(value, null, 2)
  if (format === 'yaml') return toYaml(value).trimEnd()
  return null
}

/** Lines of cells, padded so that columns align; the last column is never padded. */
export function alignColumns(lines: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const line of lines) {
    line.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell))
    })
  }
  return lines
    .map((line) =>
      line
        .map((cell, index) => {
          if (index === line.length - 1) return cell
          return cell + ' '.repeat((widths[index] ?? 0) - widthOf(cell))
        })
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** In characters, not UTF-16 units; characters of double width are not told apart. */
function widthOf(cell: string): number {
  return [...cell].length
}
