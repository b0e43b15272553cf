import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, Secret } from '@twinlatch/kit'
import type { DatabaseUrl } from '@twinlatch/store'
import { CliError, exitCodes } from './cli-error.ts'
import type { Home } from './home.ts'

const urlVariable = 'TWINLATCH_DATABASE_URL'
const fileVariable = 'TWINLATCH_DATABASE_URL_FILE'

/** The SQLite file of a home. */
export function sqliteUrlOf(home: Home): DatabaseUrl {
  return `sqlite:${home.database}`
}

/**
 * The database of an installation: `TWINLATCH_DATABASE_URL`, or the file that
 * `TWINLATCH_DATABASE_URL_FILE` names, else the SQLite file of the home. There is no flag for it:
 * the URL holds a password, and arguments are seen by everybody on the machine.
 */
export function databaseUrlOf(home: Home): DatabaseUrl {
  const text = process.env[urlVariable]
  const file = process.env[fileVariable]
  if (text && file) {
    throw new CliError(`${urlVariable} and ${fileVariable} are both set.`, {
      exitCode: exitCodes.usage,
      cure: 'Set one of them.',
    })
  }
  if (text) return new Secret(text.trim())
  return file ? readDatabaseUrl(file) : sqliteUrlOf(home)
}

/** The URL in a file, which loses one trailing newline. */
export function readDatabaseUrl(file: string): Secret {
  try {
    return new Secret(readFileSync(file, 'utf8').replace(/\r?\n$/, ''))
  } catch (error) {
    throw new CliError(`The database URL in ${file} cannot be read.`, {
      why: messageOf(error),
      cause: error,
    })
  }
}

/**
 * A URL given as an argument: `sqlite:FILE` (a relative path is taken from here) or a URL without a
 * password. One with a password is refused, because it has been seen by now.
 */
export function parseDatabaseUrl(text: string, fileFlag: string): DatabaseUrl {
  if (/^sqlite:/i.test(text)) return `sqlite:${resolve(text.slice('sqlite:'.length))}`
  if (!/^postgres(?:ql)?:\/\//i.test(text)) {
    throw new CliError('A database is named by sqlite:FILE or postgres://….', {
      exitCode: exitCodes.usage,
    })
  }
  if (!URL.canParse(text) || new URL(text).password !== '' || /[?&]password=/i.test(text)) {
    throw new CliError('A database URL with a password is no argument.', {
      exitCode: exitCodes.usage,
      why: 'Everybody on the machine can read the arguments of a process.',
      cure: `Put the URL into a file and give ${fileFlag} FILE; then change the password.`,
    })
  }
  return new Secret(text)
}

/** An environment without the database, for programs that are not ours. */
export function withoutDatabase(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { [urlVariable]: _url, [fileVariable]: _file, ...others } = environment
  return others
}
