import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync, type WriteStream } from 'node:fs'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { findProgram } from './programs.ts'
import { processTree } from './usage.ts'

/** A program that was started here and is stopped here. */
export interface Child {
  readonly pid: number
  /** What it said so far, both streams. */
  output(): string
  stop(): Promise<void>
}

/** Where a program may run: what is measured has a core of its own. */
export type Core = 'measured' | 'others'

/** Longest wait for a port; Envoy reads 10 000 subjects in about 2 s. */
const startMsMax = 30_000
/** A proxy that does not end after SIGTERM is killed. */
const stopMsMax = 3_000

/** Starts programs on pinned cores and ends every one of them, by its pid. */
export class Children {
  readonly #directory: string
  readonly #taskset: string | null
  readonly #all = new Set<Child>()

  constructor(directory: string) {
    this.#directory = directory
    this.#taskset = availableParallelism() > 1 ? findProgram('taskset') : null
  }

  /** Whether programs are kept on their cores. */
  get pinned(): boolean {
    return this.#taskset !== null
  }

  /** The command line that runs a program on its core. */
  pin(core: Core, command: readonly string[]): string[] {
    return this.#taskset === null
      ? [...command]
      : [this.#taskset, '-c', core === 'measured' ? '0' : '1', ...command]
  }

  /** Starts a program; its output goes to `<name>.log` of the work directory. */
  start(name: string, core: Core, command: readonly string[]): Child {
    const [file = '', ...rest] = this.pin(core, command)
    const path = join(this.#directory, `${name}.log`)
    const log = createWriteStream(path)
    const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: this.#directory })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    if (child.pid === undefined) throw new Error(`${name} could not be started`)
    const started: Child = {
      pid: child.pid,
      output: () => readFileSync(path, 'utf8'),
      stop: async () => {
        this.#all.delete(started)
        await stop(child, log)
      },
    }
    this.#all.add(started)
    return started
  }

  async stopAll(): Promise<void> {
    await Promise.all([...this.#all].map((child) => child.stop()))
  }
}

async function stop(child: ChildProcess, log: WriteStream): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const workers = processTree(child.pid)
    child.kill('SIGTERM')
    await Promise.race([ended, wait(stopMsMax)])
    if (child.exitCode === null && child.signalCode === null) {
      for (const pid of workers) signal(pid, 'SIGKILL')
      await ended
    }
  }
  log.end()
}

function signal(pid: number, name: 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // Gone already.
  }
}

/** Waits until a port of this machine takes connections; says what the program said if it never does. */
export async function waitForPort(port: number, child: Child): Promise<void> {
  const end = performance.now() + startMsMax
  while (performance.now() < end) {
    if (await canConnect(port)) return
    await wait(50)
  }
  throw new Error(`port ${port} never opened: ${child.output().slice(-2_000)}`)
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}
