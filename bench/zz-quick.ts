import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '@twinlatch/testing'
import { nginx } from './gateway/nginx.ts'
import { gatewayRuns, measureGroup } from './gateway/runs.ts'
import { createSite } from './gateway/site.ts'
import { twinlatch } from './gateway/twinlatch.ts'
import { Children, waitForPort } from './machine/children.ts'
import { buildNativePrograms } from './machine/programs.ts'
const [which = 'keep-alive', rounds = '2', seconds = '3'] = process.argv.slice(2)
const directory = mkdtempSync('/tmp/twinlatch-quick-')
const children = new Children(directory)
try {
  const native = buildNativePrograms(directory)
  const upstreamPort = await freePort()
  const upstream = children.start('upstream', 'others', [native.upstream, `${upstreamPort}`])
  await waitForPort(upstreamPort, upstream)
  const site = await createSite(directory, upstreamPort)
  const ground = { site, children, load: native.load, upstream, effort: { rounds: +rounds, seconds: +seconds, warmSeconds: 2.5, quietMsMax: 300 }, say: (l: string) => console.log(l) }
  const runs = gatewayRuns.filter((r) => r.name.startsWith(which))
  const contenders = process.env.ONLY ? [twinlatch(10, 'twinlatch')] : [twinlatch(10, 'twinlatch'), nginx()]
  const s = await measureGroup('q', contenders, runs, ground as never)
  for (const run of runs) {
    const med = (n: string) => { const v = s.filter((x) => x.run === run.name && x.contender === n).map((x) => x.perCpuSecond).sort((a, b) => a - b); return v[v.length >> 1] ?? NaN }
    console.log(run.name, 'per CPU s ratio', (med('twinlatch') / med('nginx')).toFixed(3), 'us/req', (1e6 / med('twinlatch')).toFixed(1), (1e6 / med('nginx')).toFixed(1))
  }
} finally { await children.stopAll(); rmSync(directory, { recursive: true, force: true }) }
