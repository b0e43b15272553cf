import { createInterface } from 'node:readline/promises'
import { CliError, exitCodes } from './cli-error.ts'

/**
 * Asks before something is destroyed: the name must be typed. `--yes` skips the question; where
 * nobody can answer, the command fails rather than hangs (console-and-cli.md section 5.1).
 */
export async function confirm(what: string, name: string, yes: boolean | undefined): Promise<void> {
  if (yes) return
  if (!process.stdin.isTTY) {
    throw new CliError(`${what} ${name} is not deleted without a confirmation.`, {
      exitCode: exitCodes.usage,
      cure: 'Add --yes.',
    })
  }
  const readline = createInterface({ input: process.stdin, output: process.stderr })
  try {
    const typed = await readline.question(`Type "${name}" to delete the ${what}: `)
    if (typed !== name) throw new CliError('Nothing was deleted.')
  } finally {
    readline.close()
  }
}
