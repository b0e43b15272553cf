import { CommanderError } from 'commander'
import { CliError, Exit, exitCodes } from './cli-error.ts'
import { createProgram } from './program.ts'
import { processTerminal, type Terminal } from './terminal.ts'

/** Runs one command line and leaves its exit code in the process (console-and-cli.md section 5.1). */
export async function main(args: readonly string[]): Promise<void> {
  const terminal = processTerminal()
  // A reader such as `head` that goes away is the end of the work, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? exitCodes.fine : exitCodes.failed)
  })
  // A terminal that is gone takes no more messages; the work they are about goes on.
  process.stderr.on('error', () => {})
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, terminal)
  }
}

function report(error: unknown, terminal: Terminal): number {
  if (error instanceof Exit) return error.exitCode
  // Commander has already printed its own message; help and version asked for are no error.
  if (error instanceof CommanderError)
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.usage
  const failure = asCliError(error)
  terminal.note(
    `${terminal.symbols.fail} ${failure.message}${failure.code ? `  [${failure.code}]` : ''}`,
  )
  if (failure.why) terminal.note(`  ${failure.why.replaceAll('\n', '\n  ')}`)
  if (failure.cure) terminal.note(`  → ${failure.cure}`)
  return failure.exitCode
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const message = error instanceof Error ? error.message : String(error)
  return new CliError(message, { ...(code ? { code } : {}), cause: error })
}
