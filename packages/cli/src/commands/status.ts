import type { Command } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import { outputOption, withConnection, withServer } from '../server-options.ts'
import { type OutputFormat, renderObject, type Terminal } from '../terminal.ts'

/** `status` and `down`. */
export function addStatusCommands(program: Command, terminal: Terminal): void {
  withServer(program.command('status'))
    .description('is it running, what serves, what is not ready and why')
    .addOption(outputOption())
    .action(async (options: ServerOptions & { output: OutputFormat }) => {
      const status = await withConnection(options, ({ control }) => control.status())
      terminal.out(renderObject(status, options.output) ?? renderStatus(status, terminal))
    })

  program
    .command('down')
    .description('stop the server of this home and wait until it has')
    .option('--home <dir>', 'home of the installation')
    .action((options: { home?: string }) => stopServer(options, terminal))
}

/** Longer than the server's own drain, after which it exits by itself. */
const stopTimeoutMs = 40_000
const stopPollMs = 50

async function stopServer(options: { home?: string }, terminal: Terminal): Promise<void> {
  const { findHome, isAlive, readRunState, removeRunState } = await import('../home.ts')
  const home = findHome(options.home)
  const running = readRunState(home)
  if (!running || !(await isHeld(home.directory))) {
    if (running) await removeRunState(home)
    terminal.out(`${terminal.symbols.skip} nothing is running in ${home.directory}`)
    return
  }
  process.kill(running.pid, 'SIGTERM')
  const deadline = Date.now() + stopTimeoutMs
  while (isAlive(running.pid)) {
    if (Date.now() > deadline) {
      throw new CliError(
        `Process ${running.pid} has not stopped within ${stopTimeoutMs / 1000} s.`,
        {
          exitCode: exitCodes.failed,
          cure: `It may be waiting for a long request; to end it at once: kill -9 ${running.pid}`,
        },
      )
    }
    await new Promise((resolve) => setTimeout(resolve, stopPollMs))
  }
  terminal.out(`${terminal.symbols.pass} stopped (pid ${running.pid})`)
}

/**
 * Whether a server runs on that home. Its lock says so for certain: a process id in the file of a
 * server that was killed may belong to somebody else by now.
 */
async function isHeld(directory: string): Promise<boolean> {
  const { acquireHomeLock, StoreError } = await import('@twinlatch/store')
  try {
    const lock = await acquireHomeLock(directory)
    await lock.stop()
    return false
  } catch (error) {
    if (error instanceof StoreError && error.code === 'store/home-in-use') return true
    throw error
  }
}

interface Server {
  readonly gateway: string
  readonly hosts: readonly string[]
  readonly mode: string
  readonly ready: boolean
  readonly reason: string | null
  readonly bundle: string | null
}

function renderStatus(status: Record<string, unknown>, terminal: Terminal): string {
  const urls = status['urls'] as Record<string, string>
  const servers = status['gateways'] as readonly Server[]
  const snapshot = status['snapshot'] as { source: string; takenAt: string } | null
  const { pass, fail, warn } = terminal.symbols
  const lines = [
    `${pass} running    pid ${status['pid']}, since ${status['startedAt']}, version ${status['version']}`,
    ...Object.entries(urls).map(([name, url]) => `  ${name.padEnd(10)} ${url}`),
    ...(snapshot?.source === 'disk'
      ? [
          `${warn} database   cannot be reached; the gateway serves what was in force at ${snapshot.takenAt}`,
        ]
      : []),
    ...servers.map(({ gateway, hosts, mode, ready, reason, bundle }) => {
      const what = `${hosts.join(', ')}   (${mode}${bundle ? `, ${bundle}` : ''}; gateway ${gateway})`
      return ready
        ? `${pass} host       ${what}`
        : `${fail} host       ${what}\n      not ready: ${reason}`
    }),
  ]
  return lines.join('\n')
}
