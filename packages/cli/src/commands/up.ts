import { mkdtempSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { parseWholeNumber } from '../server-options.ts'
import { parseOutputFormat, type Terminal } from '../terminal.ts'

export interface UpOptions {
  readonly home?: string
  readonly portBase?: number
  readonly ephemeral?: boolean
  readonly sample?: boolean
  readonly detach?: boolean
  readonly profile: 'laptop' | 'ci' | 'server'
  readonly output: string
  readonly logLevel?: string
}

/** `up`: everything in one process, which is this one. */
export function addUpCommand(program: Command, terminal: Terminal): void {
  program
    .command('up')
    .description('start everything in one process')
    .option('--sample', 'create the sample of the main flow where it is missing')
    .option('--home <dir>', 'home of the installation (default: ./.twinlatch)')
    .option(
      '--port-base <n>',
      'ports N, N+1, … instead of 8443, 9443, …',
      parseWholeNumber('--port-base', 1024, 65_530),
    )
    .option(
      '--ephemeral',
      'ports chosen by the system and, unless --home names one, a temporary home removed at exit',
    )
    .addOption(
      new Option('--profile <profile>', 'size of the installation')
        .choices(['laptop', 'ci', 'server'])
        .default('laptop'),
    )
    .option(
      '-d, --detach',
      'return when it is ready and leave it running; its log is twinlatch.log in the home',
    )
    .addOption(
      new Option('-o, --output <format>', 'table for people, json: one line when ready')
        .default('table')
        .argParser(parseOutputFormat),
    )
    .addOption(
      new Option('--log-level <level>', 'what the log on stderr holds (default: warn)').choices([
        'trace',
        'debug',
        'info',
        'warn',
        'error',
      ]),
    )
    .action(async (options: UpOptions) => {
      if (options.profile === 'server') {
        throw new CliError('--profile server is not built yet.', { exitCode: exitCodes.usage })
      }
      const { findHome, homeAt } = await import('../home.ts')
      if (options.detach) {
        const { detach } = await import('../run/detach.ts')
        const temporary = options.ephemeral && !options.home
        return detach(temporary ? null : findHome(options.home), terminal)
      }
      // A home that was named is somebody's: only one that was made here is removed.
      const own =
        options.ephemeral && !options.home ? mkdtempSync(join(tmpdir(), 'twinlatch-')) : null
      const home = own === null ? findHome(options.home) : homeAt(own)
      // A second signal ends the process in the middle of its shutdown.
      const removeOwn = () => {
        if (own !== null) rmSync(own, { recursive: true, force: true })
      }
      process.once('exit', removeOwn)
      const { runServer } = await import('../serve/run-server.ts')
      try {
        await runServer(home, options, terminal)
      } finally {
        if (own !== null) await rm(own, { recursive: true, force: true })
        process.off('exit', removeOwn)
      }
    })
}
