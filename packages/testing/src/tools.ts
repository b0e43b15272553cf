import { execFile } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program of the machine that judges our output, such as `openssl` or `keytool`. */
export interface Tool {
  readonly name: string
  /** True when the tool is not installed: `describe.skipIf(openssl.missing)(…)`. */
  readonly missing: boolean
  /** Runs the tool to its end; a non-zero exit code is an answer, not an error. */
  run(args: readonly string[], options?: RunOptions): Promise<ToolResult>
}

/** What a run of a tool may be given; the time limit keeps a tool that prompts from hanging a test. */
export interface RunOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

/** How a run of a tool ended. `exitCode` is -1 when it was killed, by the time limit for example. */
export interface ToolResult {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

/** JVM tools on a busy machine take seconds to start; anything longer hangs. */
const runTimeoutMs = 60_000

/** `keytool -list -rfc` of a full trust store prints a few hundred KiB. */
const outputBytesMax = 8 * 1024 * 1024

const announced = new Set<string>()

/**
 * The tool `name`, looked up on the PATH. When it is missing, one line says so and `missing` is
 * true, which skips the tests that need it; with `TWINLATCH_REQUIRE_TOOLS=1` it throws instead, so
 * that no check is silently left out where everything was installed on purpose.
 */
export function requireTool(name: string): Tool {
  const found = onPath(name)
  if (!found && process.env['TWINLATCH_REQUIRE_TOOLS'] === '1') {
    throw new Error(`${name} is not installed, and TWINLATCH_REQUIRE_TOOLS=1 forbids to skip`)
  }
  if (!found && !announced.has(name)) {
    announced.add(name)
    process.stderr.write(`skipped: ${name} is not installed\n`)
  }
  return { name, missing: !found, run: (args, options = {}) => runTool(name, args, options) }
}

function onPath(name: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return directory !== ''
    } catch {
      return false
    }
  })
}

function runTool(
  name: string,
  args: readonly string[],
  { input, cwd, env, timeoutMs = runTimeoutMs }: RunOptions,
): Promise<ToolResult> {
  return new Promise((resolve) => {
    const child = execFile(
      name,
      [...args],
      {
        cwd,
        timeout: timeoutMs,
        maxBuffer: outputBytesMax,
        // The C locale, because tests read what the tool prints.
        env: { ...process.env, LC_ALL: 'C', ...env },
      },
      (error, stdout, stderr) => {
        const exitCode = error ? (typeof error.code === 'number' ? error.code : -1) : 0
        resolve({ exitCode, stdout, stderr })
      },
    )
    // A tool may exit without reading its input; the broken pipe is then not a failure.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
