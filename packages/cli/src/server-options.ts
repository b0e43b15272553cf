import { type Command, Option } from 'commander'
import { CliError, exitCodes } from './cli-error.ts'
import type { ServerConnection, ServerOptions } from './connection.ts'
import { type OutputFormat, parseOutputFormat } from './terminal.ts'

/** Options of every command that talks to a server. */
export function withServer(command: Command): Command {
  return command
    .option('--home <dir>', 'home of the installation (default: the nearest .twinlatch)')
    .option('--server <url>', 'control URL of the server')
    .option('-s, --subaccount <name>', 'subaccount to act in (default: dev)')
}

/** Options of every command that lists things. */
export function withList(command: Command): Command {
  return withServer(command)
    .addOption(outputOption())
    .option('--no-headers', 'leave the table headers out')
    .option('--watch', 'print again whenever the answer changes')
}

/** `-o FORMAT` of commands whose answer is data. */
export function outputOption(): Option {
  return new Option('-o, --output <format>', 'table, wide, json, yaml or name')
    .default('table' satisfies OutputFormat)
    .argParser(parseOutputFormat)
}

/** Password sources of commands that need a secret. */
export function withPassword(command: Command, prefix = ''): Command {
  return command
    .option(`--${prefix}password-stdin`, 'read the password from standard input')
    .option(`--${prefix}password-file <file>`, 'read the password from a file')
}

/** Runs `work` with the server of `options`, whose connections are closed whatever happens. */
export async function withConnection<T>(
  options: ServerOptions,
  work: (server: ServerConnection) => Promise<T>,
): Promise<T> {
  // Loaded here, so that offline commands start without an HTTP client.
  const { connectTo, explainClientError, findServer } = await import('./connection.ts')
  const { ClientError } = await import('@twinlatch/client')
  const server = connectTo(findServer(options))
  try {
    return await work(server)
  } catch (error) {
    throw error instanceof ClientError ? explainClientError(error) : error
  } finally {
    await server.close()
  }
}

/** How often `--watch` asks again. */
const watchIntervalMs = 2000

/**
 * Prints what `render` yields, once, or with `watch` whenever it changes until interrupted. Nothing
 * prints no line: `-o name` of an empty list is counted by scripts.
 */
export async function printOrWatch(
  watch: boolean | undefined,
  print: (text: string) => void,
  render: () => Promise<string>,
): Promise<void> {
  let last = await render()
  if (last !== '') print(last)
  while (watch) {
    await new Promise((resolve) => setTimeout(resolve, watchIntervalMs))
    const next = await render()
    if (next !== last) print(next)
    last = next
  }
}

/** A whole number within bounds, or wrong usage. */
export function parseWholeNumber(name: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new CliError(`${name} takes a whole number from ${min} to ${max}, not "${text}".`, {
      exitCode: exitCodes.usage,
    })
  }
}

/** Adds one value of a repeatable option to those before it. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value]
}
