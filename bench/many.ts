import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { large, small } from './gateway/many-manifests.ts'
import { changePolicies, compareSizes, type ManySample } from './gateway/many-runs.ts'
import { type ManyLoad, reportsOf, startMany } from './gateway/many-site.ts'
import { Children } from './machine/children.ts'
import { buildNativePrograms } from './machine/programs.ts'
import { writeManyReport } from './report/many-report.ts'
import { type PairedRatio, pairedRatio } from './report/paired-ratio.ts'

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
})
/** Pairs of runs: ten tell a difference of 3 % on a machine that is at rest. */
const rounds = Number(values.rounds ?? (values.quick ? 2 : 10))
const seconds = values.quick ? 2 : 6
const quietMsMax = values.quick ? 500 : 2_000
/** Policies changed, once under load and once without. */
const changes = values.quick ? 3 : 5

async function main(directory: string, children: Children): Promise<void> {
  const site = await startMany(directory, { children, native: buildNativePrograms(directory) })
  const ready = reportsOf(site.gateways.large).find(({ event }) => event === 'ready')
  const samples = await compareSizes(site, { rounds, seconds, quietMsMax })
  const changed = await changePolicies(site, changes)
  const memoryOf = (size: string) => {
    return samples.filter(({ name }) => name === size).at(-1)?.measured.memoryMb ?? 0
  }
  writeManyReport({
    size: large,
    against: small,
    dirty: changed.requests.dirty || samples.some(({ measured }) => measured.dirty),
    ratios: {
      requestsPerSecond: ratioOf(samples, 'keepAlive', 'perSecond'),
      requestsPerCpuSecond: ratioOf(samples, 'keepAlive', 'perCpuSecond'),
      handshakesPerSecond: ratioOf(samples, 'full', 'perSecond'),
      handshakesPerCpuSecond: ratioOf(samples, 'full', 'perCpuSecond'),
    },
    firstApply: ready?.times ?? null,
    changedPolicy: changed.quiet,
    changedPolicyUnderLoad: changed.underLoad,
    underSwap: changed.requests,
    memoryMb: { small: memoryOf('small'), large: memoryOf('large') },
    samples,
  })
}

/** Large by small, round by round. */
function ratioOf(
  samples: readonly ManySample[],
  load: ManyLoad,
  figure: 'perSecond' | 'perCpuSecond',
): PairedRatio {
  const of = (size: string, round: number) =>
    samples.find((one) => one.load === load && one.name === size && one.round === round)?.measured[
      figure
    ] ?? Number.NaN
  return pairedRatio(
    Array.from({ length: rounds }, (_, index) => [of('large', index + 1), of('small', index + 1)]),
  )
}

const directory = mkdtempSync(join(tmpdir(), 'twinlatch-many-'))
const children = new Children(directory)
try {
  await main(directory, children)
} finally {
  await children.stopAll()
  rmSync(directory, { recursive: true, force: true })
}
