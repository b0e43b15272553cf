import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Secret } from '@twinlatch/kit'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { databaseUrlOf, parseDatabaseUrl, withoutDatabase } from './database-url.ts'
import { homeAt } from './home.ts'

const url = 'postgres://twinlatch:hunter2@db/twinlatch'
const reveal = (value: unknown) => (value instanceof Secret ? value.reveal() : value)

let directory: TemporaryDirectory
beforeEach(async () => {
  directory = await createTemporaryDirectory()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await directory.remove()
})

describe('the database of an installation', () => {
  test('is the SQLite file of the home when nothing else is said', () => {
    expect(databaseUrlOf(homeAt('/srv/tl'))).toBe('sqlite:/srv/tl/twinlatch.db')
  })

  test('is what TWINLATCH_DATABASE_URL says, as a secret', () => {
    vi.stubEnv('TWINLATCH_DATABASE_URL', url)
    const found = databaseUrlOf(homeAt('/srv/tl'))
    expect(reveal(found)).toBe(url)
    expect(`${found}`).toBe('[secret]')
  })

  test('is what the file says, less its newline', () => {
    const file = join(directory.path, 'url')
    writeFileSync(file, `${url}\n`)
    vi.stubEnv('TWINLATCH_DATABASE_URL_FILE', file)
    expect(reveal(databaseUrlOf(homeAt('/srv/tl')))).toBe(url)
  })

  test('is not guessed when both are set, or the file is missing', () => {
    vi.stubEnv('TWINLATCH_DATABASE_URL_FILE', join(directory.path, 'missing'))
    expect(() => databaseUrlOf(homeAt('/srv/tl'))).toThrow('cannot be read')
    vi.stubEnv('TWINLATCH_DATABASE_URL', url)
    expect(() => databaseUrlOf(homeAt('/srv/tl'))).toThrow('both set')
  })
})

describe('a database named by an argument', () => {
  test.each([
    ['sqlite:a.db', `sqlite:${resolve('a.db')}`],
    ['sqlite:/srv/a.db', 'sqlite:/srv/a.db'],
    ['postgres://twinlatch@db/twinlatch', 'postgres://twinlatch@db/twinlatch'],
  ])('%s is taken', (text, expected) => {
    expect(reveal(parseDatabaseUrl(text, '--to-file'))).toBe(expected)
  })

  test.each([
    url,
    'postgres://db/twinlatch?user=a&password=hunter2',
    'postgres://a:hunter2@db:port/twinlatch',
    'a.db',
    'mysql://a:hunter2@db/x',
  ])('%s is refused, and not repeated', (text) => {
    const refused = () => parseDatabaseUrl(text, '--to-file')
    expect(refused).toThrow(expect.objectContaining({ exitCode: 2 }))
    expect(refused).not.toThrow('hunter2')
  })
})

test('programs that are not ours do not learn of the database', () => {
  const given = { TWINLATCH_DATABASE_URL: url, TWINLATCH_DATABASE_URL_FILE: 'f', PATH: '/bin' }
  expect(withoutDatabase(given)).toEqual({ PATH: '/bin' })
})
