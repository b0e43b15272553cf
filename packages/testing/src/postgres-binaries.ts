import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where the server programs of PostgreSQL lie, and which major version they are. */
export interface PostgresBinaries {
  readonly directory: string
  readonly major: number
}

/** Debian keeps every major version in a directory of its own, off the PATH. */
const debianRoot = '/usr/lib/postgresql'

let announced = false

/**
 * The newest PostgreSQL server of this machine, or nothing. When it is missing, one line says so,
 * once a process; with `TWINLATCH_REQUIRE_TOOLS=1` it throws instead.
 */
export function findPostgres(): PostgresBinaries | undefined {
  const found = onDebian() ?? onPath()
  if (found) return found
  if (process.env['TWINLATCH_REQUIRE_TOOLS'] === '1') {
    throw new Error('PostgreSQL is not installed, and TWINLATCH_REQUIRE_TOOLS=1 forbids to skip')
  }
  if (!announced) process.stderr.write('skipped: PostgreSQL is not installed\n')
  announced = true
  return undefined
}

function onDebian(): PostgresBinaries | undefined {
  if (!existsSync(debianRoot)) return undefined
  return readdirSync(debianRoot)
    .map((name) => ({ major: Number(name), directory: join(debianRoot, name, 'bin') }))
    .filter(({ major, directory }) => Number.isInteger(major) && isServer(directory))
    .sort((a, b) => b.major - a.major)[0]
}

function onPath(): PostgresBinaries | undefined {
  const directory = (process.env['PATH'] ?? '').split(delimiter).find(isServer)
  // Of an unknown version nothing is expected that older ones lack.
  return directory ? { directory, major: 0 } : undefined
}

function isServer(directory: string): boolean {
  return existsSync(join(directory, 'postgres')) && existsSync(join(directory, 'initdb'))
}
