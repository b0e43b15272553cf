import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { CliError } from '../cli-error.ts'
import { type Home, openHome } from '../home.ts'
import type { Terminal } from '../terminal.ts'

/** 8 MiB: months of warnings. A longer log is set aside when the next server starts. */
const logBytesMax = 8 * 1024 * 1024

/**
 * Starts this same command line in the background and returns when its ready line has come. Its log
 * goes to a file of the home, because the terminal may be gone long before it; an ephemeral server
 * (`home` is `null`) keeps none.
 */
export async function detach(home: Home | null, terminal: Terminal): Promise<void> {
  const bin = process.argv[1] ?? ''
  const args = process.argv.slice(2).filter((word) => word !== '-d' && word !== '--detach')
  const log = home === null ? null : await openLog(home)
  const child = spawn(process.execPath, [...process.execArgv, bin, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', log === null ? 'pipe' : log.descriptor],
  })
  if (log !== null) closeSync(log.descriptor)
  const { stdout, stderr } = child
  if (stdout === null) throw new TypeError('it was asked for as a pipe')
  let said = ''
  stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString('utf8')
  })
  await new Promise<void>((resolve, reject) => {
    stdout.on('data', (chunk: Buffer) => {
      const text = chunk.toString('utf8')
      terminal.out(text.trimEnd())
      if (/(^|\n)\s*(ready|\{"ready":true)/.test(text)) resolve()
    })
    child.once('error', reject)
    child.once('close', (code) =>
      reject(
        new CliError(`The server ended before it was ready (exit code ${code}).`, {
          why: (log === null ? said : log.readNew()).trim(),
        }),
      ),
    )
  })
  stdout.destroy()
  stderr?.destroy()
  child.unref()
}

interface Log {
  readonly descriptor: number
  /** What was written since it was opened. */
  readNew(): string
}

async function openLog(home: Home): Promise<Log> {
  await openHome(home)
  const before = statSync(home.log, { throwIfNoEntry: false })?.size ?? 0
  if (before > logBytesMax) renameSync(home.log, `${home.log}.1`)
  const from = before > logBytesMax ? 0 : before
  return {
    descriptor: openSync(home.log, 'a', 0o600),
    readNew: () => readFileSync(home.log).subarray(from).toString('utf8'),
  }
}
