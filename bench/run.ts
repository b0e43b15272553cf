import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '@twinlatch/testing'
import type { Choice, Contender } from './gateway/contender.ts'
import { envoy } from './gateway/envoy.ts'
import { haproxy } from './gateway/haproxy.ts'
import { nginx } from './gateway/nginx.ts'
import {
  type Effort,
  type Ground,
  gatewayRuns,
  measureGroup,
  type Sample,
  subjectRuns,
} from './gateway/runs.ts'
import { createSite } from './gateway/site.ts'
import { twinlatch } from './gateway/twinlatch.ts'
import { Children, waitForPort } from './machine/children.ts'
import { buildNativePrograms, provideEnvoy, provideStepCa } from './machine/programs.ts'
import { writeResults } from './report/write-results.ts'
import { measureServices } from './services/runs.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** Groups to measure, by commas: gateway, subjects, services. */
    only: { type: 'string', default: 'gateway,subjects,services' },
  },
})

const effort: Effort = values.quick
  ? { rounds: 1, seconds: 1.5, warmSeconds: 1, settleSeconds: 2, quietMsMax: 500 }
  : { rounds: 3, seconds: 4, warmSeconds: 2, settleSeconds: 8, quietMsMax: 2_000 }

/** Pairs of processes for each number of subjects. */
const subjectStarts = values.quick ? 1 : 3

async function main(directory: string, children: Children): Promise<string> {
  const cache = process.env['TWINLATCH_BENCH_CACHE'] ?? join(homedir(), '.cache/twinlatch-bench')
  mkdirSync(cache, { recursive: true })
  const native = buildNativePrograms(directory)
  const upstreamPort = await freePort()
  const upstream = children.start('upstream', 'others', [native.upstream, `${upstreamPort}`])
  await waitForPort(upstreamPort, upstream)
  const site = await createSite(directory, upstreamPort)
  const skipped: string[] = []
  const say = (line: string) => {
    process.stdout.write(`${line}\n`)
    if (line.startsWith('skipped: ')) skipped.push(line.slice('skipped: '.length))
  }
  const ground: Ground = { site, children, load: native.load, upstream, effort, say }
  const groups = values.only.split(',')
  const samples: Sample[] = []
  const peer = provideEnvoy(cache)
  const main: Choice[] = [twinlatch(10, 'twinlatch'), nginx(), haproxy(), envoy(peer, 1, 'envoy')]
  if (groups.includes('gateway')) {
    samples.push(...(await measureGroup('gateway', main, gatewayRuns, ground)))
  }
  if (groups.includes('subjects')) {
    for (const subjects of [1, 10, 1_000, 10_000]) {
      const pair = [twinlatch(subjects), envoy(peer, subjects)]
      for (let start = 0; start < subjectStarts; start++) {
        samples.push(...(await measureGroup('subjects', pair, subjectRuns, ground, start)))
      }
    }
  }
  if (groups.includes('services')) {
    samples.push(...(await measureServices(provideStepCa(cache, !values.quick), ground)))
  }
  return writeResults({
    quick: values.quick,
    pinned: children.pinned,
    contenders: main
      .filter((choice): choice is Contender => !('missing' in choice))
      .map(({ name, program, caches }) => ({ name, program, caches })),
    skipped: [...new Set(skipped)],
    samples,
  })
}

const directory = mkdtempSync(join(tmpdir(), 'twinlatch-bench-'))
const children = new Children(directory)
try {
  process.stdout.write(`\n${await main(directory, children)}`)
} finally {
  await children.stopAll()
  rmSync(directory, { recursive: true, force: true })
}
