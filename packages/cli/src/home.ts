import { existsSync, readFileSync, statSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { CliError, exitCodes } from './cli-error.ts'

const homeName = '.twinlatch'

/** Files of an installation's home (architecture.md "Home"); every path is absolute. */
export interface Home {
  readonly directory: string
  readonly database: string
  readonly masterKey: string
  readonly adminToken: string
  readonly authorities: string
  readonly runFile: string
  readonly config: string
  /** Log of a server in the background; one in a terminal logs to stderr. */
  readonly log: string
  readonly sample: string
  /** What the gateway was last built from, sealed; and the last certificate of the control listener. */
  readonly snapshot: string
  readonly controlIdentity: string
}

/** The files below `directory`, whether or not they exist. */
export function homeAt(directory: string): Home {
  const at = (name: string) => join(resolve(directory), name)
  const keyFile = process.env['TWINLATCH_MASTER_KEY_FILE']
  return {
    directory: resolve(directory),
    database: at('twinlatch.db'),
    masterKey: keyFile ? resolve(keyFile) : at('master.key'),
    adminToken: at('admin-token'),
    authorities: at('ca.pem'),
    runFile: at('run.json'),
    config: at('config.yaml'),
    log: at('twinlatch.log'),
    sample: at('sample'),
    snapshot: at('gateway.snapshot'),
    controlIdentity: at('control.identity'),
  }
}

/**
 * The home a command works with: the flag, else `TWINLATCH_HOME`, else the nearest `.twinlatch`
 * upwards from `from`, else `.twinlatch` in `from` itself.
 */
export function findHome(flag: string | undefined, from = process.cwd()): Home {
  const named = flag ?? process.env['TWINLATCH_HOME']
  if (named) return homeAt(resolve(from, named))
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const candidate = join(directory, homeName)
    if (isOwnDirectory(candidate)) return homeAt(candidate)
    if (dirname(directory) === directory) return homeAt(join(resolve(from), homeName))
  }
}

/** In a shared directory such as /tmp, somebody else's home would lie above everybody's work. */
function isOwnDirectory(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid)
}

/** Makes the home, readable by its owner only, and refuses one that others can enter. */
export async function openHome(home: Home): Promise<void> {
  try {
    await mkdir(home.directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new CliError(`The home ${home.directory} cannot be made.`, {
      why: error instanceof Error ? error.message : String(error),
      cure: 'Name another directory with --home DIR.',
      cause: error,
    })
  }
  assertPrivate(home)
}

function assertPrivate(home: Home): void {
  const mode = statSync(home.directory).mode & 0o777
  if ((mode & 0o077) !== 0) {
    throw new CliError(
      `The home ${home.directory} can be entered by others (mode ${mode.toString(8)}).`,
      {
        why: 'It holds the master key and the admin token.',
        cure: `chmod 700 ${home.directory}`,
      },
    )
  }
}

/** Every listener binds loopback: a URL that leads elsewhere was written by somebody else. */
const localUrl = z.url({ hostname: /^localhost$/ })

const runState = z.strictObject({
  pid: z.number().int().positive(),
  startedAt: z.string(),
  version: z.string(),
  urls: z.strictObject({ control: localUrl, gateway: localUrl, health: localUrl }),
  ca: z.string(),
  adminToken: z.string(),
})

/** What a running server tells the commands beside it. */
export type RunState = z.infer<typeof runState>

/** Writes `run.json` so that a reader never sees half of it. */
export async function writeRunState(home: Home, state: RunState): Promise<void> {
  const temporary = `${home.runFile}.${process.pid}`
  await writeFile(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 })
  await rename(temporary, home.runFile)
}

/** Removes `run.json`; called when a server stops. */
export async function removeRunState(home: Home): Promise<void> {
  await rm(home.runFile, { force: true })
}

/**
 * State of the server that runs on `home`, or `null` when none does (a stale file counts as none).
 * Believed no further than needed, as a file can come with a repository: the admin token goes to
 * this machine only, and it and the authorities are those of the home, whatever paths are named.
 */
export function readRunState(home: Home): RunState | null {
  if (!existsSync(home.runFile)) return null
  assertPrivate(home)
  let parsed: ReturnType<typeof runState.safeParse>
  try {
    parsed = runState.safeParse(JSON.parse(readFileSync(home.runFile, 'utf8')))
  } catch (error) {
    throw unreadableRunFile(home, error)
  }
  if (!parsed.success) throw unreadableRunFile(home, parsed.error)
  if (!isAlive(parsed.data.pid)) return null
  return { ...parsed.data, ca: home.authorities, adminToken: home.adminToken }
}

function unreadableRunFile(home: Home, cause: unknown): CliError {
  return new CliError(`${home.runFile} is not a run file of this version.`, {
    exitCode: exitCodes.unreachable,
    cure: 'Stop the server that wrote it, remove the file and start again with: twinlatch up',
    cause,
  })
}

/** Whether a process of that id exists (signal 0 is only a question). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
