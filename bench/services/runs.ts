import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePorts } from '@twinlatch/testing'
import type { Ground, Sample } from '../gateway/runs.ts'
import { type Child, waitForPort } from '../machine/children.ts'
import { measure, waitForQuiet } from '../machine/load.ts'
import type { ServiceConfiguration } from './serve-services.ts'
import { startStepCa } from './step-ca.ts'

/** A service of one program under load. */
interface ServiceRun {
  readonly run: string
  readonly contender: string
  readonly requests: string
  readonly port: number
  readonly child: Child
}

const certificates = 'P-256 certificates issued and stored, /s'

/** Find, tokens and certificates of ours, and certificates of step-ca where there is one. */
export async function measureServices(
  stepCa: { readonly path: string } | { readonly missing: string },
  ground: Ground,
): Promise<Sample[]> {
  const { site, children, say } = ground
  const [port = 0, stepPort = 0] = await freePorts(2)
  const configuration: ServiceConfiguration = {
    port,
    directory: site.directory,
    certificate: site.server.certificate,
    key: site.server.key,
  }
  const file = join(site.directory, 'services.json')
  writeFileSync(file, JSON.stringify(configuration))
  const program = new URL('serve-services.ts', import.meta.url).pathname
  const child = children.start('services', 'measured', [process.execPath, program, file])
  await waitForPort(port, child)
  const requests = (name: string) => join(site.directory, `${name}.requests`)
  const own = (run: string, name: string): ServiceRun => {
    return { run, contender: 'twinlatch', requests: requests(name), port, child }
  }
  const runs = [
    own('destination Find with secrets, /s', 'find'),
    own('access tokens issued, /s', 'token'),
    own(certificates, 'certificate'),
  ]
  if ('missing' in stepCa) say(`skipped: step-ca (${stepCa.missing})`)
  else {
    const step = startStepCa(stepCa.path, { port: stepPort, directory: site.directory, children })
    await waitForPort(stepPort, step.child)
    runs.push({ run: certificates, contender: 'step-ca', port: stepPort, ...step })
  }
  const samples: Sample[] = []
  for (let round = 0; round < ground.effort.rounds; round++) {
    for (const one of round % 2 === 0 ? runs : runs.toReversed()) {
      // A one-time token can be used in one round only.
      if (one.contender === 'step-ca' && round > 0) continue
      samples.push(await measureOne(one, round, ground))
    }
  }
  for (const one of new Set(runs.map((run) => run.child))) await one.stop()
  return samples
}

async function measureOne(one: ServiceRun, round: number, ground: Ground): Promise<Sample> {
  const { children, load, effort, site, say } = ground
  await waitForQuiet(effort.quietMsMax)
  const measured = await measure(
    {
      pid: one.child.pid,
      load: {
        mode: 'keep-alive',
        connections: 16,
        port: one.port,
        name: site.host,
        requests: one.requests,
        seconds: effort.seconds,
        warmSeconds: effort.warmSeconds,
        identity: null,
      },
    },
    { children, program: load, others: [] },
  )
  const { run, contender } = one
  say(
    `${run} | ${contender} | ${measured.perSecond}, per CPU second ${measured.perCpuSecond}` +
      `, p99 ${measured.p99Ms} ms${measured.refused > 0 ? `, FAULTS ${measured.refused}` : ''}` +
      `${measured.dirty ? `, DIRTY (${measured.foreignLoad} cores of other load)` : ''}`,
  )
  return { group: 'services', run, contender, start: 0, round, ...measured }
}
