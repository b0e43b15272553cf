import { createMetrics } from '@twinlatch/kit'
import { code, page, table } from './markdown.ts'

/** One log event as it stands in a source file. */
export interface LogEvent {
  readonly name: string
  /** `–` where the level is not written beside it. */
  readonly level: string
  readonly package: string
}

/** `event: 'a'`, or two of them behind a condition. */
const eventPattern = /\bevent:\s*(?:[^,'\n]*\?\s*)?'([^']+)'(?:\s*:\s*'([^']+)')?/g

/** Lines of prose: an example in a docstring writes no log. */
const commentLines = /^\s*(?:\/?\*|\/\/).*$/gm

/** The log events that `text`, a source file, writes. */
export function eventsIn(text: string, packageName: string): readonly LogEvent[] {
  const source = text.replaceAll(commentLines, '')
  return [...source.matchAll(eventPattern)].flatMap(({ index, 1: first, 2: second }) => {
    const before = source.slice(Math.max(0, index - 40), index)
    const level = /\.(trace|debug|info|warn|error)\(\s*\{\s*$/.exec(before)?.[1] ?? '–'
    return [first, second]
      .filter((name) => name !== undefined)
      .map((name) => ({ name, level, package: packageName }))
  })
}

/** `docs/reference/metrics-and-events.md`: names that dashboards and alert rules rely on. */
export async function eventsPage(events: readonly LogEvent[]): Promise<string> {
  const metrics = await metricNames()
  return page(
    'Metrics and log events',
    'Names are public: they may be added to, never renamed. Metrics at `http://localhost:9090/metrics`; the log is JSON on stderr, one event a line.',
    [
      '## Metrics',
      table(['metric', 'kind', 'meaning'], metrics),
      '## Log events',
      table(['event', 'level', 'package'], eventRows(events)),
    ],
  )
}

function eventRows(events: readonly LogEvent[]): readonly (readonly string[])[] {
  const names = [...new Set(events.map(({ name }) => name))].sort()
  const joined = (values: readonly string[]) => [...new Set(values)].sort().join(', ')
  return names.map((name) => {
    const same = events.filter((event) => event.name === name)
    return [
      code(name),
      joined(same.map(({ level }) => level)),
      joined(same.map((event) => event.package)),
    ]
  })
}

/** Read from the exposition format, because that is what a scraper sees. */
async function metricNames(): Promise<readonly (readonly string[])[]> {
  const text = await createMetrics({ version: '', revision: '' }).render()
  const kinds = new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, a, b]) => [a, b]))
  return [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].map(([, name = '', help = '']) => [
    code(name),
    kinds.get(name) ?? '',
    help,
  ])
}
