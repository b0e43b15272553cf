import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { freePort } from '@twinlatch/testing'
import type { Choice } from './gateway/contender.ts'
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
import { buildNativePrograms, provideEnvoy } from './machine/programs.ts'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    /** Only these runs and contenders, by the beginning of their names: for work on one of them. */
    runs: { type: 'string' },
    contenders: { type: 'string' },
  },
})

const effort: Effort = values.quick
  ? { rounds: 1, seconds: 1.5, warmSeconds: 0.7, quietMsMax: 500 }
  : { rounds: 3, seconds: 4, warmSeconds: 1.5, quietMsMax: 4_000 }
const cache = process.env['TWINLATCH_BENCH_CACHE'] ?? join(homedir(), '.cache', 'twinlatch-bench')
const directory = mkdtempSync(join(tmpdir(), 'twinlatch-bench-'))
const children = new Children(directory)
const samples: Sample[] = []
try {
  mkdirSync(cache, { recursive: true })
  const native = buildNativePrograms(directory)
  const upstreamPort = await freePort()
  const upstream = children.start('upstream', 'others', [native.upstream, `${upstreamPort}`])
  await waitForPort(upstreamPort, upstream)
  const site = await createSite(directory, upstreamPort)
  const ground: Ground = { site, children, load: native.load, upstream, effort, say: console.log }
  const found = provideEnvoy(cache)
  const main: Choice[] = [twinlatch(10, 'twinlatch'), nginx(), haproxy(), envoy(found, 1, 'envoy')]
  samples.push(...(await measureGroup('gateway', main, gatewayRuns, ground)))
  for (const n of [1, 10, 1000, 10000]) {
    samples.push(
      ...(await measureGroup('subjects', [twinlatch(n), envoy(found, n)], subjectRuns, ground)),
    )
  }
} finally {
  await children.stopAll()
  rmSync(directory, { recursive: true, force: true })
}
