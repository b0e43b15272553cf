import { mkdirSync } from 'node:fs'
import { createSite } from './gateway/site.ts'
import { twinlatch } from './gateway/twinlatch.ts'
import { Children, waitForPort } from './machine/children.ts'
import { measure } from './machine/load.ts'
import { buildNativePrograms } from './machine/programs.ts'

const [mode = 'keep-alive', secs = '4', n = '64', req = 'small', subjects = '10'] =
  process.argv.slice(2)
const dir = '/tmp/twbench/kadir'
mkdirSync(dir, { recursive: true })
const children = new Children(dir)
const native = buildNativePrograms(dir)
const up = children.start('upstream', 'others', [native.upstream, '21000'])
await waitForPort(21000, up)
const site = await createSite(dir, 21000)
const c = twinlatch(Number(subjects), 'twinlatch').start(site, 21001, children)
await waitForPort(21001, c)
try {
  const m = await measure(
    {
      mode,
      connections: Number(n),
      port: 21001,
      name: site.host,
      requests: site.requests[req],
      seconds: Number(secs),
      warmSeconds: 1.5,
      identity: site.client,
    },
    { children, program: native.load, pid: c.pid, others: [up.pid] },
  )
  console.log(JSON.stringify(m))
  console.log(c.output().slice(-500))
} finally {
  await children.stopAll()
}
