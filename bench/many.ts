import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { large, small } from './gateway/many-manifests.ts'
import {
  changePolicies,
  compareSizes,
  type ManyChanges,
  type ManySample,
} from './gateway/many-runs.ts'
import { type ManyLoad, type ManySite, reportsOf, startMany } from './gateway/many-site.ts'
import { Children } from './machine/children.ts'
import { buildNativePrograms } from './machine/programs.ts'
import { writeManyReport } from './report/many-report.ts'
import { type PairedRatio, pairedRatio } from './report/paired-ratio.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
})
/** Pairs of processes: each has its own luck with memory layout and compiled code. */
const starts = values.quick ? 1 : 5
/** Pairs of runs for each: twenty in all tell a difference of 3 % on a machine that is at rest. */
const rounds = Number(values.rounds ?? (values.quick ? 2 : 4))
const seconds = values.quick ? 2 : 3
/** Until what is hot has been compiled; both gateways and their compilers share one core. */
const settleSeconds = values.quick ? 6 : 20
const quietMsMax = values.quick ? 500 : 2_000
/** Policies changed, once under load and once without. */
const changes = values.quick ? 3 : 5

async function main(directory: string): Promise<void> {
  const samples: ManySample[] = []
  for (let start = 1; start <= starts; start++) {
    await withSite(directory, async (site) => {
      samples.push(
        ...(await compareSizes(site, { start, rounds, seconds, settleSeconds, quietMsMax })),
      )
      if (start === starts) report(site, samples, await changePolicies(site, changes))
    })
  }
}

async function withSite(parent: string, use: (site: ManySite) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(parent, 'start-'))
  const children = new Children(directory)
  try {
    await use(await startMany(directory, { children, native: buildNativePrograms(directory) }))
  } finally {
    await children.stopAll()
  }
}

function report(site: ManySite, samples: readonly ManySample[], changed: ManyChanges): void {
  const ready = reportsOf(site.gateways.large).find(({ event }) => event === 'ready')
  const last = samples.at(-1)
  writeManyReport({
    size: large,
    against: small,
    dirty: [changed.requests, ...samples.map((one) => one.large)].some(({ dirty }) => dirty),
    starts,
    requests: ratioOf(samples, 'keepAlive'),
    handshakes: ratioOf(samples, 'full'),
    firstApply: ready?.times ?? null,
    changedPolicy: changed.quiet,
    changedPolicyUnderLoad: changed.underLoad,
    underSwap: changed.requests,
    memoryMb: { small: last?.small.memoryMb ?? 0, large: last?.large.memoryMb ?? 0 },
    samples,
  })
}

/** Large by small, of every pair that ran at the same time. */
function ratioOf(samples: readonly ManySample[], load: ManyLoad): PairedRatio {
  return pairedRatio(
    samples
      .filter((one) => one.load === load)
      .map((one) => [one.large.perCpuSecond, one.small.perCpuSecond]),
  )
}

const directory = mkdtempSync(join(tmpdir(), 'twinlatch-many-'))
try {
  await main(directory)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
