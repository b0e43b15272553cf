import { type Command, Option } from 'commander'
import { Exit, exitCodes } from '../cli-error.ts'
import { parseWholeNumber } from '../server-options.ts'
import { type OutputFormat, parseOutputFormat, type Terminal } from '../terminal.ts'

interface DemoCommandOptions {
  readonly home?: string
  readonly server?: string
  readonly step?: number
  readonly output: OutputFormat
}

/** `demo`: the main flow with the real tools, every command and its real output, ✓ or ✕. */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  program
    .command('demo')
    .description('walk the main flow with openssl and curl on a stack of its own')
    .option('--server <url>', 'walk on this server instead, with names of its own')
    .option('--home <dir>', 'home of that server')
    .option('--step <n>', 'show only that step', parseWholeNumber('--step', 1, 11))
    .addOption(
      new Option('-o, --output <format>', 'table for people, json: one line a step')
        .default('table')
        .argParser(parseOutputFormat),
    )
    .action(async ({ output, ...options }: DemoCommandOptions) => {
      const { runDemo } = await import('../demo/run-demo.ts')
      const allHeld = await runDemo({ ...options, json: output === 'json' }, terminal)
      if (!allHeld) throw new Exit(exitCodes.failed)
    })
}
