import { closeSync, openSync, readSync } from 'node:fs'
import { Secret } from '@twinlatch/kit'
import { CliError, exitCodes } from './cli-error.ts'

/** How a password may reach a command; never as an argument (console-and-cli.md section 5.1). */
export interface PasswordOptions {
  readonly passwordStdin?: boolean
  readonly passwordFile?: string
}

/** Where a password is read or typed: standard input, or what a test puts in its place. */
export interface PasswordInput extends AsyncIterable<Buffer | string> {
  readonly isTTY?: boolean
  pause(): unknown
  setRawMode?(on: boolean): unknown
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
  input: PasswordInput = process.stdin,
): Promise<Secret | null> {
  if (options.passwordFile !== undefined) return new Secret(readPasswordFile(options.passwordFile))
  if (options.passwordStdin) return new Secret(withoutNewline(await readAll(input)))
  const fromEnvironment = process.env['TWINLATCH_PASSWORD']
  if (fromEnvironment !== undefined) return new Secret(fromEnvironment)
  if (prompt !== null && input.isTTY) return new Secret(await promptSilently(prompt, input))
  return null
}

/** As `readPassword`, but a missing password is wrong usage. */
export async function requirePassword(
  options: PasswordOptions,
  what: string,
  input: PasswordInput = process.stdin,
): Promise<Secret> {
  const password = await readPassword(options, `Password ${what}: `, input)
  if (password) return password
  throw new CliError(`A password ${what} is needed.`, {
    exitCode: exitCodes.usage,
    cure: 'Give it with --password-stdin, --password-file FILE or TWINLATCH_PASSWORD.',
  })
}

function readPasswordFile(file: string): string {
  let content: Buffer
  try {
    content = readAtMost(file, passwordBytesMax + 1)
  } catch (error) {
    throw new CliError(`The password file ${file} cannot be read.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
  if (content.length > passwordBytesMax) throw new CliError(`${file} is too long for a password.`)
  return withoutNewline(content.toString('utf8'))
}

/** The size of a pipe or a device is not known beforehand, so what is read is counted. */
function readAtMost(file: string, bytesMax: number): Buffer {
  const content = Buffer.alloc(bytesMax)
  const descriptor = openSync(file, 'r')
  try {
    let length = 0
    for (let read = 1; read > 0 && length < bytesMax; length += read) {
      read = readSync(descriptor, content, length, bytesMax - length, null)
    }
    return content.subarray(0, length)
  } finally {
    closeSync(descriptor)
  }
}

function withoutNewline(text: string): string {
  return text.replace(/\r?\n$/, '')
}

async function readAll(input: PasswordInput): Promise<string> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of input) {
    const bytes = Buffer.from(chunk)
    total += bytes.length
    if (total > passwordBytesMax) throw new CliError('Standard input is too long for a password.')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const ctrlC = '\u0003'
const ctrlD = '\u0004'
const backspaces: ReadonlySet<string> = new Set(['\b', '\u007f'])

async function promptSilently(prompt: string, input: PasswordInput): Promise<string> {
  process.stderr.write(prompt)
  input.setRawMode?.(true)
  try {
    let typed: string[] = []
    for await (const chunk of input) {
      for (const character of String(chunk)) {
        if (character === '\r' || character === '\n' || character === ctrlD) return typed.join('')
        if (character === ctrlC) {
          throw new CliError('Interrupted.', { exitCode: exitCodes.interrupted })
        }
        typed = backspaces.has(character) ? typed.slice(0, -1) : [...typed, character]
      }
    }
    return typed.join('')
  } finally {
    input.setRawMode?.(false)
    input.pause()
    process.stderr.write('\n')
  }
}
