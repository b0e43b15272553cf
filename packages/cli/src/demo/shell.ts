import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeSecretFile } from '../output-file.ts'
import type { DemoNames } from './names.ts'
import { withoutSecrets } from './redact.ts'

const bin = fileURLToPath(new URL('../../bin/twinlatch.js', import.meta.url))

/** A check that did not hold: the step's ✕. */
class DemoFailure extends Error {}

/** What one command answered, exactly. */
export interface Answer {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** Both streams, as a person saw them. */
  readonly output: string
}

/** One command of a step and its answer, for the transcript. */
export interface TranscriptLine {
  readonly command: string
  readonly output: string
}

export interface DemoServer {
  readonly home: string
  readonly controlUrl: string
  readonly gatewayPort: number
  readonly caFile: string
  readonly adminTokenFile: string
}

interface RunOptions {
  readonly input?: string
  /** Exit codes that are right here; 0 unless given. `any` where the next check decides. */
  readonly exit?: readonly number[] | 'any'
}

/** Runs real commands in the demo's own directory and keeps a transcript of one step. */
export class DemoShell {
  readonly directory: string
  readonly names: DemoNames
  readonly server: DemoServer
  transcript: TranscriptLine[] = []

  constructor(directory: string, names: DemoNames, server: DemoServer) {
    this.directory = directory
    this.names = names
    this.server = server
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  /** Writes a file of the demo, readable by its owner only. */
  write(name: string, content: string): Promise<string> {
    return writeSecretFile(this.path(name), content, { force: true })
  }

  /** Runs our own command as a user would, against the demo's server. */
  twinlatch(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.#spawn(process.execPath, [bin, ...args], ['twinlatch', ...args], options)
  }

  /** Runs a tool of the machine; a missing one is named. */
  tool(name: string, args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.#spawn(name, args, [name, ...args], options)
  }

  /** curl that trusts the demo's server and shows no progress. */
  curl(args: readonly string[], options: RunOptions = {}): Promise<Answer> {
    return this.tool('curl', ['-sS', '--cacert', this.server.caFile, ...args], options)
  }

  check(holds: boolean, otherwise: string): asserts holds {
    if (!holds) throw new DemoFailure(otherwise)
  }

  async #spawn(
    file: string,
    args: readonly string[],
    shown: readonly string[],
    { input = '', exit = [0] }: RunOptions,
  ): Promise<Answer> {
    const answer = await spawnAndCapture(file, args, input, this.directory, this.#environment())
    this.transcript.push({
      command: withoutSecrets(renderCommand(shown)),
      output: withoutSecrets(answer.output),
    })
    if (exit !== 'any' && !exit.includes(answer.code)) {
      throw new DemoFailure(
        `${shown[0]} ended with exit code ${answer.code}, expected ${exit.join(' or ')}`,
      )
    }
    return answer
  }

  /** The demo's server and no proxy: its names are local (finding NET804). */
  #environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      TWINLATCH_HOME: this.server.home,
      TWINLATCH_SERVER: this.server.controlUrl,
      TWINLATCH_CA_FILE: this.server.caFile,
      TWINLATCH_TOKEN_FILE: this.server.adminTokenFile,
      NO_PROXY: 'localhost,.localhost,127.0.0.1',
      no_proxy: 'localhost,.localhost,127.0.0.1',
    }
  }
}

/** Longer than any command of the demo takes, so that one that hangs fails its step. */
const commandTimeoutMs = 30_000

function spawnAndCapture(
  file: string,
  args: readonly string[],
  input: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { cwd, env, stdio: 'pipe', timeout: commandTimeoutMs })
    const streams = { stdout: '', stderr: '' }
    let output = ''
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        streams[name] += text
        output += text
      })
    }
    child.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ENOENT'
          ? new DemoFailure(
              `"${file}" is not installed on this machine; install it and run the demo again`,
            )
          : error,
      ),
    )
    child.once('close', (code) =>
      resolve({ code: code ?? -1, ...streams, output: output.trimEnd() }),
    )
    // A tool that ends without reading its input is no fault of ours.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

function renderCommand(words: readonly string[]): string {
  return words
    .map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ')
}
