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

/** Where loads run: `others` are the programs that work for what is measured. */
export interface LoadGround {
  readonly children: Children
  readonly program: string
  readonly others: readonly number[]
}

/** A program and what it is loaded with. */
export interface Loaded {
  readonly pid: number
  readonly load: Load
}

/** Measures one program under one load. */
export async function measure(loaded: Loaded, ground: LoadGround): Promise<Measurement> {
  const [measured] = await measureTogether([loaded], ground)
  if (!measured) throw new Error('nothing was measured')
  return measured
}

/** Measures several programs at once, in the order given: whatever else the machine does meets all. */
export async function measureTogether(
  all: readonly Loaded[],
  ground: LoadGround,
): Promise<Measurement[]> {
  const own = () => process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6
  const programs = [...ground.others, ...all.map(({ pid }) => pid)]
  const before = {
    machine: machineCpuSeconds(),
    programs: sum(programs.map(cpuSeconds)),
    own: own(),
    at: performance.now(),
  }
  const runs = await Promise.all(all.map((one) => runLoad(one, ground)))
  const seconds = (performance.now() - before.at) / 1_000
  const known =
    sum(programs.map(cpuSeconds)) -
    before.programs +
    sum(runs.map(({ loadCpuSeconds }) => loadCpuSeconds)) +
    (own() - before.own)
  const foreignLoad = Math.max(0, (machineCpuSeconds() - before.machine - known) / seconds)
  return runs.map(({ loadCpuSeconds: _, ...run }) => ({
    ...run,
    foreignLoad: rounded(foreignLoad, 2),
    dirty: foreignLoad > foreignLoadMax,
  }))
}

type LoadRun = Omit<Measurement, 'foreignLoad' | 'dirty'> & { readonly loadCpuSeconds: number }

async function runLoad({ pid, load }: Loaded, ground: LoadGround): Promise<LoadRun> {
  const before = cpuSeconds(pid)
  const [file = '', ...rest] = ground.children.pin('others', [ground.program, ...optionsOf(load)])
  const memory = wait((load.warmSeconds + load.seconds * 0.9) * 1_000).then(() => memoryMb(pid))
  const limitMs = (load.warmSeconds + load.seconds + 15) * 1_000
  const { stdout, stderr } = await run(file, rest, { timeout: limitMs, killSignal: 'SIGKILL' })
  // The first answers that were no success: a run with faults measures something else.
  if (stderr !== '') process.stderr.write(`${stderr.slice(0, 600)}\n`)
  const result = JSON.parse(stdout) as Omit<LoadRun, 'cpuSeconds' | 'perCpuSecond' | 'memoryMb'>
  const used = cpuSeconds(pid) - before
  return {
    ...result,
    cpuSeconds: rounded(used, 2),
    perCpuSecond: used > 0 ? Math.round(result.total / used) : 0,
    memoryMb: await memory,
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
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
