import type { Command } from 'commander'
import { CliError, Exit, exitCodes } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import type { Terminal } from '../terminal.ts'
import { hostNames } from './hosts.ts'

interface RunOptions extends ServerOptions {
  readonly manifest?: string
}

/** `run -- COMMAND`: an application finds bindings, authorities and names as it would in the cloud. */
export function addRunCommand(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .description('run a command with bindings, authorities and .localhost names set for it')
    .option('--home <dir>', 'use the server of this home')
    .option('--server <url>', 'use this server')
    .option('-s, --subaccount <name>', 'whose bindings (default: dev)')
    .option('--manifest <dir>', 'not built yet')
    .argument('<command...>', 'after --')
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nWithout --server, --home or TWINLATCH_SERVER a stack of its own is started, with the sample,\n' +
        'and removed when the command ends.',
    )
    .action(async (command: readonly string[], options: RunOptions) => {
      if (options.manifest) {
        throw new CliError('--manifest is not built yet.', { exitCode: exitCodes.usage })
      }
      throw new Exit(await run(command, options, terminal))
    })
}

async function run(
  command: readonly string[],
  options: RunOptions,
  terminal: Terminal,
): Promise<number> {
  const named =
    options.server ??
    process.env['TWINLATCH_SERVER'] ??
    options.home ??
    process.env['TWINLATCH_HOME']
  if (named) return runAgainst(command, options)
  const { startStack } = await import('../run/stack.ts')
  const stack = await startStack({ sample: true })
  terminal.note(
    `${terminal.symbols.pass} stack ready on ports of its own; removed when the command ends`,
  )
  try {
    return await runAgainst(command, { ...options, home: stack.home })
  } finally {
    await stack.stop()
  }
}

async function runAgainst(command: readonly string[], options: RunOptions): Promise<number> {
  const { findHome, readRunState } = await import('../home.ts')
  const { connectTo, findServer } = await import('../connection.ts')
  const { runCommand } = await import('../run/run-command.ts')
  const access = findServer(options)
  const home = findHome(options.home)
  const running = readRunState(home)
  const server = connectTo(access)
  try {
    return await runCommand(command, {
      server,
      caFile: process.env['TWINLATCH_CA_FILE'] ?? running?.ca ?? home.authorities,
      urls: { ...running?.urls, control: access.url },
      hostNames: hostNames(await server.control.documents()),
    })
  } finally {
    await server.close()
  }
}
