import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The command as `npx twinlatch` runs it. */
export const twinlatchBin = join(root, 'node_modules', '.bin', 'twinlatch')

/** What a command answered. */
export interface Answer {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

interface ReadyLine {
  readonly ready: true
  readonly home: string
  readonly ca: string
  readonly adminToken: string
  readonly urls: { readonly control: string; readonly gateway: string; readonly health: string }
}

/** A temporary directory, removed by the caller. */
export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'twinlatch-e2e-'))
}

/** Runs a program to its end; a hanging one is killed and answers a null code. */
export function run(
  file: string,
  args: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs?: number } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, NO_PROXY: 'localhost,.localhost,127.0.0.1', ...options.env },
      stdio: 'pipe',
      timeout: options.timeoutMs ?? 60_000,
    })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout, stderr }))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
  })
}

/** A running server, started as a user starts it. */
export interface Server {
  readonly ready: ReadyLine
  readonly child: ChildProcess
  readonly gatewayPort: number
  /** Everything it wrote so far, both streams. */
  output(): string
  /** Runs a command against it. */
  cli(
    args: readonly string[],
    options?: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string },
  ): Promise<Answer>
  /** curl that trusts its authorities. */
  curl(args: readonly string[]): Promise<Answer>
  adminToken(): string
  /** Sends a signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts `up -o json` with `args` and returns when it is ready. */
export async function startServer(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Server> {
  const child = spawn(twinlatchBin, ['up', '-o', 'json', ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const line = await new Promise<string>((resolve, reject) => {
    let stdout = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      output += text
      const end = stdout.indexOf('\n')
      if (end >= 0) resolve(stdout.slice(0, end))
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    child.once('error', reject)
    child.once('exit', (code) =>
      reject(new Error(`ended with ${code} before it was ready: ${output}`)),
    )
  })
  const ready = JSON.parse(line) as ReadyLine
  return {
    ready,
    child,
    gatewayPort: Number(new URL(ready.urls.gateway).port),
    output: () => output,
    cli: (words, { input, env: more, cwd } = {}) =>
      run(twinlatchBin, words, {
        env: { TWINLATCH_HOME: ready.home, ...more },
        ...(input === undefined ? {} : { input }),
        ...(cwd === undefined ? {} : { cwd }),
      }),
    curl: (words) => run('curl', ['-sS', '--cacert', ready.ca, ...words]),
    adminToken: () => readFileSync(ready.adminToken, 'utf8').trim(),
    end: (signal = 'SIGTERM') => {
      child.kill(signal)
      return exited
    },
  }
}

/** Removes a directory that a test made. */
export function remove(directory: string): void {
  rmSync(directory, { recursive: true, force: true })
}
