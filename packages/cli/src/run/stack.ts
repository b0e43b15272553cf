import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'

const bin = fileURLToPath(new URL('../../bin/twinlatch.js', import.meta.url))

const readyLine = z.object({
  ready: z.literal(true),
  home: z.string(),
  ca: z.string(),
  adminToken: z.string(),
  urls: z.object({ control: z.url(), gateway: z.url(), health: z.url() }),
})

/** A server in a process of its own, on free ports and in a temporary home. */
export interface Stack extends z.infer<typeof readyLine> {
  readonly pid: number
  /** Ends it and waits until its home is removed. */
  stop(): Promise<void>
}

/** Longer than a first start takes on a slow machine, key generation included. */
const startTimeoutMs = 60_000

/** Starts `up --ephemeral` and returns when it is ready. */
export async function startStack({ sample }: { sample: boolean }): Promise<Stack> {
  const args = [bin, 'up', '--ephemeral', '-o', 'json', ...(sample ? ['--sample'] : [])]
  // In a group of its own, so that Ctrl-C reaches the command first and the stack ends last. The
  // channel, which the kernel closes with this process, tells it when nobody is left to stop it.
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  })
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new TypeError('both streams were asked for as pipes')
  const errors: string[] = []
  createInterface({ input: stderr }).on('line', (line) => errors.push(line))
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const timer = setTimeout(() => child.kill('SIGKILL'), startTimeoutMs)
  try {
    const ready = await firstLine(child, stdout, errors)
    return {
      ...ready,
      pid: child.pid ?? 0,
      stop: async () => {
        child.kill('SIGTERM')
        await exited
      },
    }
  } finally {
    clearTimeout(timer)
  }
}

function firstLine(
  child: ChildProcess,
  stdout: NodeJS.ReadableStream,
  errors: readonly string[],
): Promise<z.infer<typeof readyLine>> {
  return new Promise((resolve, reject) => {
    const failed = () =>
      reject(new CliError('A stack of its own could not be started.', { why: errors.join('\n') }))
    child.once('error', failed)
    child.once('exit', failed)
    createInterface({ input: stdout }).once('line', (line) => {
      child.off('exit', failed)
      try {
        resolve(readyLine.parse(JSON.parse(line)))
      } catch {
        failed()
      }
    })
  })
}
