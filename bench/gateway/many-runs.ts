import { setTimeout as wait } from 'node:timers/promises'
import { type Measurement, waitForQuiet } from '../machine/load.ts'
import { type ManyGateway, type ManyLoad, type ManySite, reportsOf } from './many-site.ts'
import type { StageTimes } from './stages.ts'

/** Both gateways under the same load, at the same time. */
export interface ManySample {
  readonly load: ManyLoad
  readonly start: number
  readonly round: number
  readonly small: Measurement
  readonly large: Measurement
}

/** Loads both gateways of one start, several times. Round 0 warms both up and does not count. */
export async function compareSizes(
  site: ManySite,
  options: {
    readonly start: number
    readonly rounds: number
    readonly seconds: number
    readonly settleSeconds: number
    readonly quietMsMax: number
  },
): Promise<ManySample[]> {
  const { start, rounds, seconds, settleSeconds, quietMsMax } = options
  const samples: ManySample[] = []
  for (let round = 0; round <= rounds; round++) {
    for (const load of ['keepAlive', 'full'] as const) {
      await waitForQuiet(quietMsMax)
      const both = await site.runBoth(load, round === 0 ? settleSeconds : seconds)
      if (round > 0) samples.push({ load, start, round, ...both })
      const { small, large } = both
      console.log(start, round, load, 'per CPU second', small.perCpuSecond, large.perCpuSecond)
    }
  }
  return samples
}

/** What changing one policy several times came to, with and without requests running. */
export interface ManyChanges {
  readonly underLoad: readonly StageTimes[]
  readonly quiet: readonly StageTimes[]
  /** The requests that ran meanwhile. */
  readonly requests: Measurement
}

/** Changes a policy of the large gateway `count` times under load, then as often without. */
export async function changePolicies(site: ManySite, count: number): Promise<ManyChanges> {
  const { large } = site.gateways
  const running = site.run('large', 'keepAlive', count + 2)
  await wait(2_000)
  const underLoad = await change(large, count, 1_000)
  const requests = await running
  const quiet = await change(large, count, 800)
  return { underLoad, quiet, requests }
}

async function change(
  gateway: ManyGateway,
  count: number,
  pauseMs: number,
): Promise<readonly StageTimes[]> {
  const before = changesOf(gateway).length
  for (let done = 0; done < count; done++) {
    process.kill(gateway.child.pid, 'SIGUSR2')
    await wait(pauseMs)
  }
  return changesOf(gateway).slice(before)
}

function changesOf(gateway: ManyGateway): StageTimes[] {
  return reportsOf(gateway)
    .filter(({ event }) => event === 'changed')
    .map(({ times }) => times)
}
