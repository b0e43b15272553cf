import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Children } from './children.ts'
import { cpuSeconds, machineCpuSeconds, memoryMb } from './usage.ts'

/** What the load generator is told; see `native/load.c`. */
export interface Load {
  readonly mode: 'keep-alive' | 'full' | 'resumed' | 'hold'
  readonly port: number
  readonly name: string
  readonly requests: string
  readonly connections: number
  readonly seconds: number
  readonly warmSeconds: number
  readonly identity: { readonly certificate: string; readonly key: string } | null
}

/** What one run came to. */
export interface Measurement {
  readonly perSecond: number
  readonly megabytesPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly total: number
  readonly handshakes: number
  readonly reused: number
  /** Connections that broke, and answers that were no success. */
  readonly broken: number
  readonly refused: number
  /** CPU seconds of the measured program, and requests for each of them: to judge a dirty run. */
  readonly cpuSeconds: number
  readonly perCpuSecond: number
  readonly memoryMb: number
  /** CPU seconds that neither we nor the measured programs used, per second of the run. */
  readonly foreignLoad: number
  readonly dirty: boolean
}

/** Other load above this share of a core makes a run dirty. */
const foreignLoadMax = 0.15

const run = promisify(execFile)

/** Writes requests in the form that the load generator reads. */
export function writeRequests(path: string, requests: readonly string[]): string {
  writeFileSync(path, requests.map((text) => `${Buffer.byteLength(text)}\n${text}`).join(''))
  return path
}

/** Measures one program, `pid`, under one load. `others` are the programs that work for it. */
export async function measure(
  load: Load,
  on: {
    readonly children: Children
    readonly program: string
    readonly pid: number
    readonly others: readonly number[]
  },
): Promise<Measurement> {
  const own = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6
  const before = {
    machine: machineCpuSeconds(),
    measured: cpuSeconds(on.pid),
    others: on.others.map(cpuSeconds),
    own: own(),
    at: performance.now(),
  }
  const [file = '', ...rest] = on.children.pin('others', [on.program, ...optionsOf(load)])
  const memory = wait((load.warmSeconds + load.seconds * 0.9) * 1_000).then(() => memoryMb(on.pid))
  const limitMs = (load.warmSeconds + load.seconds + 15) * 1_000
  const { stdout, stderr } = await run(file, rest, { timeout: limitMs, killSignal: 'SIGKILL' })
  const { loadCpuSeconds, ...result } = JSON.parse(stdout) as Omit<
    Measurement,
    'cpuSeconds' | 'perCpuSecond' | 'memoryMb' | 'foreignLoad' | 'dirty'
  > & { readonly loadCpuSeconds: number }
  // The first answers that were no success: a run with faults measures something else.
  if (stderr !== '') process.stderr.write(`${stderr.slice(0, 600)}\n`)
  const seconds = (performance.now() - before.at) / 1_000
  const used = cpuSeconds(on.pid) - before.measured
  const others = on.others.reduce(
    (sum, pid, at) => sum + cpuSeconds(pid) - (before.others[at] ?? 0),
    0,
  )
  const known = used + others + loadCpuSeconds + (own() - before.own)
  const foreignLoad = Math.max(0, (machineCpuSeconds() - before.machine - known) / seconds)
  return {
    ...result,
    cpuSeconds: rounded(used, 2),
    perCpuSecond: used > 0 ? Math.round(result.total / used) : 0,
    memoryMb: await memory,
    foreignLoad: rounded(foreignLoad, 2),
    dirty: foreignLoad > foreignLoadMax,
  }
}

/** Waits until the machine is quiet, at most `waitMsMax`: others may be at work on it. */
export async function waitForQuiet(waitMsMax: number): Promise<void> {
  const end = performance.now() + waitMsMax
  while (performance.now() < end) {
    const before = machineCpuSeconds()
    await wait(400)
    if ((machineCpuSeconds() - before) / 0.4 < foreignLoadMax) return
  }
}

/** The value with `digits` after the point. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits))
}

function optionsOf(load: Load): string[] {
  const { identity } = load
  return [
    ...['--mode', load.mode, '--port', `${load.port}`, '--name', load.name],
    ...['--seconds', `${load.seconds}`, '--warm', `${load.warmSeconds}`],
    ...['--connections', `${load.connections}`, '--requests', load.requests],
    ...(identity ? ['--cert', identity.certificate, '--key', identity.key] : []),
  ]
}
