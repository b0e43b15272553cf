import { setTimeout as wait } from 'node:timers/promises'
import { type Measurement, waitForQuiet } from '../machine/load.ts'
import {
  type ManyGateway,
  type ManyLoad,
  type ManySite,
  reportsOf,
  type SizeName,
} from './many-site.ts'
import type { StageTimes } from './stages.ts'

/** One run of one gateway under one load. */
export interface ManySample {
  readonly name: SizeName
  readonly load: ManyLoad
  readonly round: number
  readonly measured: Measurement
}

/**
 * Loads the small and the large gateway in turn, in every second round in reverse order, so that
 * what else the machine does meets both. Round 0 warms both up and does not count.
 */
export async function compareSizes(
  site: ManySite,
  options: { readonly rounds: number; readonly seconds: number; readonly quietMsMax: number },
): Promise<ManySample[]> {
  const samples: ManySample[] = []
  for (let round = 0; round <= options.rounds; round++) {
    const names: SizeName[] = round % 2 === 0 ? ['small', 'large'] : ['large', 'small']
    for (const load of ['keepAlive', 'full'] as const) {
      for (const name of names) {
        await waitForQuiet(options.quietMsMax)
        const measured = await site.run(name, load, options.seconds)
        if (round > 0) samples.push({ name, load, round, measured })
        console.log(round, load, name, measured.perSecond, 'per CPU second', measured.perCpuSecond)
      }
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
