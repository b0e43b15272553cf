import { readFileSync } from 'node:fs'
import { Secret } from '@twinlatch/kit'
import { CliError, exitCodes } from './cli-error.ts'

/** How a password may reach a command; never as an argument (console-and-cli.md section 5.1). */
export interface PasswordOptions {
  readonly passwordStdin?: boolean
  readonly passwordFile?: string
}

/** 64 KiB: far above any password, so that a wrong file is refused instead of read whole. */
const passwordBytesMax = 64 * 1024

/**
 * The password from `--password-file`, `--password-stdin`, `TWINLATCH_PASSWORD` or, on a terminal, a
 * prompt without echo; `null` when none was given. One trailing newline is removed.
 */
export async function readPassword(
  options: PasswordOptions,
  prompt: string | null,
): Promise<Secret | null> {
  if (options.passwordFile !== undefined) return new Secret(readPasswordFile(options.passwordFile))
  if (options.passwordStdin) return new Secret(withoutNewline(await readStdin()))
  const fromEnvironment = process.env['TWINLATCH_PASSWORD']
  if (fromEnvironment !== undefined) return new Secret(fromEnvironment)
  if (prompt !== null && process.stdin.isTTY) return new Secret(await promptSilently(prompt))
  return null
}

/** As `readPassword`, but a missing password is wrong usage. */
export async function requirePassword(options: PasswordOptions, what: string): Promise<Secret> {
  const password = await readPassword(options, `Password ${what}: `)
  if (password) return password
  throw new CliError(`A password ${what} is needed.`, {
    exitCode: exitCodes.usage,
    cure: 'Give it with --password-stdin, --password-file FILE or TWINLATCH_PASSWORD.',
  })
}

function readPasswordFile(file: string): string {
  let content: Buffer
  try {
    content = readFileSync(file)
  } catch (error) {
    throw new CliError(`The password file ${file} cannot be read.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
  if (content.length > passwordBytesMax) throw new CliError(`${file} is too long for a password.`)
  return withoutNewline(content.toString('utf8'))
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += chunk.length
    if (total > passwordBytesMax) throw new CliError('Standard input is too long for a password.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function promptSilently(prompt: string): Promise<string> {
  const input = process.stdin
  process.stderr.write(prompt)
  input.setRawMode(true)
  try {
    let typed = ''
    for await (const chunk of input) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n') return typed
        if (character === '\u0003') throw new CliError('Interrupted.', { exitCode: 130 })
        typed = character === '\u007f' ? typed.slice(0, -1) : typed + character
      }
    }
    return typed
  } finally {
    input.setRawMode(false)
    input.pause()
    process.stderr.write('\n')
  }
}
