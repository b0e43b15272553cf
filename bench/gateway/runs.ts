import { freePorts } from '@twinlatch/testing'
import { type Child, type Children, waitForPort } from '../machine/children.ts'
import { type Load, type Measurement, measure, waitForQuiet } from '../machine/load.ts'
import type { Choice, Contender } from './contender.ts'
import type { Site } from './site.ts'

/** How long and how often everything is measured. */
export interface Effort {
  readonly rounds: number
  readonly seconds: number
  readonly warmSeconds: number
  /** Load before the first round of a run, for every contender alike: code is compiled by then. */
  readonly settleSeconds: number
  /** Longest wait for a quiet machine before each run. */
  readonly quietMsMax: number
}

/** One thing that is measured on every contender. */
export interface Run {
  readonly name: string
  readonly load: Pick<Load, 'mode' | 'connections'>
  readonly requests: keyof Site['requests']
  /** What the table shows. */
  readonly figure: 'perSecond' | 'megabytesPerSecond' | 'memoryMb'
  /** A run that is not about speed is not repeated. */
  readonly once?: true
}

/** The comparison of the data path. */
export const gatewayRuns: readonly Run[] = [
  {
    name: 'keep-alive, requests/s',
    load: { mode: 'keep-alive', connections: 64 },
    requests: 'small',
    figure: 'perSecond',
  },
  {
    name: 'full handshake and one request, /s',
    load: { mode: 'full', connections: 16 },
    requests: 'closing',
    figure: 'perSecond',
  },
  {
    name: 'resumed handshake and one request, /s',
    load: { mode: 'resumed', connections: 16 },
    requests: 'closing',
    figure: 'perSecond',
  },
  {
    name: '1 MiB streaming, MB/s',
    load: { mode: 'keep-alive', connections: 8 },
    requests: 'large',
    figure: 'megabytesPerSecond',
  },
  {
    name: 'memory with 1000 idle connections, MB',
    load: { mode: 'hold', connections: 1000 },
    requests: 'small',
    figure: 'memoryMb',
    once: true,
  },
]

/** The data path with many allowed subjects. */
export const subjectRuns: readonly Run[] = gatewayRuns.slice(0, 1)

/** One measurement with what it was made of. */
export interface Sample extends Measurement {
  readonly group: string
  readonly run: string
  readonly contender: string
  /** Of the contenders' processes: each has its own luck with memory layout and compiled code. */
  readonly start: number
  readonly round: number
}

/** What a group of runs works with. */
export interface Ground {
  readonly site: Site
  readonly children: Children
  readonly load: string
  readonly upstream: Child
  readonly effort: Effort
  say(line: string): void
}

interface Started {
  readonly contender: Contender
  readonly port: number
  readonly child: Child
}

/**
 * Starts every contender that is there, measures them in turn (every second round in reverse order,
 * so that a drift of the machine meets all of them), and stops them.
 */
export async function measureGroup(
  group: string,
  choices: readonly Choice[],
  runs: readonly Run[],
  ground: Ground,
  start = 0,
): Promise<Sample[]> {
  const started: Started[] = []
  const samples: Sample[] = []
  const ports = await freePorts(choices.length)
  for (const [index, choice] of choices.entries()) {
    if ('missing' in choice) {
      ground.say(`skipped: ${choice.name} (${choice.missing})`)
      continue
    }
    const port = ports[index] ?? 0
    const child = choice.start(ground.site, port, ground.children)
    await waitForPort(port, child)
    started.push({ contender: choice, port, child })
  }
  for (const run of runs) {
    if (!run.once) for (const one of started) await settle(run, one, ground)
    for (let round = 0; round < (run.once ? 1 : ground.effort.rounds); round++) {
      for (const one of round % 2 === 0 ? started : started.toReversed()) {
        samples.push({ group, start, ...(await measureOne(run, round, one, ground)) })
      }
    }
  }
  for (const { child } of started) await child.stop()
  return samples
}

async function settle(run: Run, one: Started, ground: Ground): Promise<void> {
  await loadOne(run, one, ground, { seconds: ground.effort.settleSeconds, warmSeconds: 0 })
}

async function measureOne(
  run: Run,
  round: number,
  one: Started,
  ground: Ground,
): Promise<Omit<Sample, 'group' | 'start'>> {
  const { effort, say } = ground
  await waitForQuiet(effort.quietMsMax)
  // Idle connections are opened in about a second; their memory is looked at near the end.
  const isIdle = run.load.mode === 'hold'
  const seconds = isIdle ? Math.max(4, effort.seconds) : effort.seconds
  const warmSeconds = isIdle ? 0 : effort.warmSeconds
  const measured = await loadOne(run, one, ground, { seconds, warmSeconds })
  const sample = { run: run.name, contender: one.contender.name, round, ...measured }
  say(describe(sample, run))
  return sample
}

function loadOne(
  run: Run,
  { port, child }: Started,
  { site, children, load, upstream }: Ground,
  time: Pick<Load, 'seconds' | 'warmSeconds'>,
): Promise<Measurement> {
  const requests = site.requests[run.requests]
  return measure(
    {
      pid: child.pid,
      load: { ...run.load, ...time, port, name: site.host, requests, identity: site.client },
    },
    { children, program: load, others: [upstream.pid] },
  )
}

function describe(sample: Omit<Sample, 'group' | 'start'>, run: Run): string {
  const faults = sample.broken + sample.refused
  return [
    `${run.name} | ${sample.contender} | ${sample[run.figure]}`,
    `per CPU second ${sample.perCpuSecond}`,
    `p99 ${sample.p99Ms} ms`,
    ...(sample.reused > 0 ? [`reused ${sample.reused}/${sample.handshakes}`] : []),
    ...(faults > 0 ? [`FAULTS ${faults}`] : []),
    ...(sample.dirty ? [`DIRTY (${sample.foreignLoad} cores of other load)`] : []),
  ].join(', ')
}
