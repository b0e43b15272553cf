import { readdirSync, readFileSync } from 'node:fs'
import { expectGolden } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../program.ts'
import { createApiDocument } from '../serve/api-document.ts'
import type { Terminal } from '../terminal.ts'
import { codesPage } from './codes-page.ts'
import { commandsPage } from './commands-page.ts'
import { configPage } from './config-page.ts'
import { eventsIn, eventsPage, type LogEvent } from './events-page.ts'

const root = new URL('../../../../', import.meta.url)
const reference = (name: string) => new URL(`docs/reference/${name}`, root)
const silent: Terminal = {
  out: () => {},
  note: () => {},
  symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
}

describe('docs/reference is what the program says', () => {
  test('commands.md', () => {
    expectGolden(reference('commands.md'), commandsPage(createProgram(silent)))
  })

  test('codes.md', () => {
    expectGolden(reference('codes.md'), codesPage())
  })

  test('config.md', () => {
    expectGolden(reference('config.md'), configPage())
  })

  test('openapi.json', () => {
    expectGolden(reference('openapi.json'), `${JSON.stringify(createApiDocument(), null, 2)}\n`)
  })

  test('metrics-and-events.md', async () => {
    expectGolden(reference('metrics-and-events.md'), await eventsPage(eventsOfSources()))
  })
})

/** Every event that a package of ours logs; tests and the CLI's own generators are no source. */
function eventsOfSources(): readonly LogEvent[] {
  const packages = new URL('packages/', root)
  return readdirSync(packages).flatMap((name) =>
    readdirSync(new URL(`${name}/src/`, packages), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|^reference\//.test(file))
      .sort()
      .flatMap((file) =>
        eventsIn(readFileSync(new URL(`${name}/src/${file}`, packages), 'utf8'), name),
      ),
  )
}

describe('events in a source', () => {
  test.each([
    ["log.info({ event: 'a.b', serial }, 'text')", [{ name: 'a.b', level: 'info' }]],
    ["log.warn(\n  {\n event: 'a.b',\n }, 'text')", [{ name: 'a.b', level: 'warn' }]],
    [
      "log.error({ event: away ? 'a' : 'b' })",
      [
        { name: 'a', level: 'error' },
        { name: 'b', level: 'error' },
      ],
    ],
    [
      "const entry = { event: status === null ? 'a' : 'b', status }",
      [
        { name: 'a', level: '–' },
        { name: 'b', level: '–' },
      ],
    ],
    [" * log.info({ event: 'a' })\n// log.info({ event: 'b' })", []],
    ["element.event = 'a'; { events: 'b' }", []],
  ])('%s', (source, events) => {
    expect(eventsIn(source, 'p')).toEqual(events.map((event) => ({ ...event, package: 'p' })))
  })

  test('are found where there are some', () => {
    expect(eventsOfSources().length).toBeGreaterThan(20)
  })
})
