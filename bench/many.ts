import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createTestAuthority, freePort, freePorts, type TestAuthority } from '@twinlatch/testing'
import {
  hostOf,
  large,
  type ManyConfiguration,
  manyManifests,
  small,
} from './gateway/many-manifests.ts'
import type { ManyReport } from './gateway/serve-many.ts'
import { requestText, subjectOf } from './gateway/site.ts'
import { type Child, Children, waitForPort } from './machine/children.ts'
import {
  type Load,
  type Measurement,
  measure,
  waitForQuiet,
  writeRequests,
} from './machine/load.ts'
import { buildNativePrograms } from './machine/programs.ts'
import { writeManyReport } from './report/many-report.ts'
import { median } from './report/summary.ts'

const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false } } })
const rounds = values.quick ? 1 : 3
const seconds = values.quick ? 2 : 4
const quietMsMax = values.quick ? 500 : 4_000
/** Policies changed while requests run. */
const changes = values.quick ? 3 : 5

/** A running gateway of one size. */
interface Running {
  readonly name: 'small' | 'large'
  readonly port: number
  readonly child: Child
}

async function main(directory: string, children: Children): Promise<void> {
  const native = buildNativePrograms(directory)
  const upstreamPort = await freePort()
  const upstream = children.start('upstream', 'others', [native.upstream, `${upstreamPort}`])
  await waitForPort(upstreamPort, upstream)
  const authorities = await createAuthorities(large.bundles)
  const [first] = authorities
  if (!first) throw new Error('no authority')
  const server = await first.issue({
    subject: 'CN=many',
    purpose: 'server',
    subjectAltNames: [{ type: 'dns', value: '*.many.localhost' }],
  })
  const client = await (await first.issue({ subject: subjectOf(1) })).writeTo(directory)
  const made = { server, authorities: authorities.map(({ rootPem }) => rootPem), upstreamPort }
  const [smallPort = 0, largePort = 0] = await freePorts(2)
  const start = async (name: Running['name'], port: number): Promise<Running> => {
    const size = name === 'small' ? small : large
    const file = join(directory, `${name}.json`)
    const configuration: ManyConfiguration = { port, size, files: manyManifests(size, made) }
    writeFileSync(file, JSON.stringify(configuration))
    const program = new URL('gateway/serve-many.ts', import.meta.url).pathname
    const child = children.start(name, 'measured', [process.execPath, program, file])
    await waitForPort(port, child)
    return { name, port, child }
  }
  const running = [await start('small', smallPort), await start('large', largePort)]
  const path = '/api/orders/42?expand=items'
  const host = hostOf(0)
  const requests = {
    keepAlive: writeRequests(join(directory, 'ka.requests'), [requestText(path, { host })]),
    full: writeRequests(join(directory, 'hs.requests'), [
      requestText(path, { host, more: ['Connection: close'] }),
    ]),
  }
  const run = (one: Running, load: Pick<Load, 'mode' | 'connections' | 'requests' | 'seconds'>) =>
    measure(
      {
        ...load,
        port: one.port,
        name: host,
        warmSeconds: 1.5,
        identity: { certificate: client.certificate, key: client.key },
      },
      { children, program: native.load, pid: one.child.pid, others: [upstream.pid] },
    )
  const samples: { name: string; load: string; measured: Measurement }[] = []
  for (let round = 0; round < rounds; round++) {
    for (const load of ['keepAlive', 'full'] as const) {
      for (const one of round % 2 === 0 ? running : running.toReversed()) {
        await waitForQuiet(quietMsMax)
        const mode = load === 'full' ? 'full' : 'keep-alive'
        const connections = load === 'full' ? 16 : 64
        const measured = await run(one, { mode, connections, requests: requests[load], seconds })
        samples.push({ name: one.name, load, measured })
        console.log(load, one.name, measured.perSecond, 'per CPU second', measured.perCpuSecond)
      }
    }
  }
  const big = running[1]
  if (!big) throw new Error('nothing runs')
  const swapping = run(big, {
    mode: 'keep-alive',
    connections: 64,
    requests: requests.keepAlive,
    seconds: changes + 2,
  })
  await wait(2_000)
  for (let change = 0; change < changes; change++) {
    process.kill(big.child.pid, 'SIGUSR2')
    await wait(1_000)
  }
  const underSwap = await swapping
  const reports = reportsOf(big.child)
  const changedUnderLoad = reports.filter(({ event }) => event === 'changed')
  for (let change = 0; change < changes; change++) {
    process.kill(big.child.pid, 'SIGUSR2')
    await wait(800)
  }
  const quiet = reportsOf(big.child)
    .filter(({ event }) => event === 'changed')
    .slice(changedUnderLoad.length)
  const ratio = (load: string, figure: 'perSecond' | 'perCpuSecond') => {
    const of = (name: string) =>
      samples
        .filter((one) => one.load === load && one.name === name)
        .map(({ measured }) => measured[figure])
    return median(of('large')) / median(of('small'))
  }
  const first_ = reports.find(({ event }) => event === 'ready')
  writeManyReport({
    size: large,
    against: small,
    dirty: samples.some(({ measured }) => measured.dirty) || underSwap.dirty,
    ratios: {
      requestsPerSecond: ratio('keepAlive', 'perSecond'),
      requestsPerCpuSecond: ratio('keepAlive', 'perCpuSecond'),
      handshakesPerSecond: ratio('full', 'perSecond'),
      handshakesPerCpuSecond: ratio('full', 'perCpuSecond'),
    },
    firstApply: first_?.times ?? null,
    changedPolicy: quiet.map(({ times }) => times),
    changedPolicyUnderLoad: changedUnderLoad.map(({ times }) => times),
    underSwap,
    memoryMb: {
      small: samples.filter(({ name }) => name === 'small').at(-1)?.measured.memoryMb ?? 0,
      large: samples.filter(({ name }) => name === 'large').at(-1)?.measured.memoryMb ?? 0,
    },
    samples,
  })
}

async function createAuthorities(count: number): Promise<TestAuthority[]> {
  const made: TestAuthority[] = []
  for (let index = 0; index < count; index++) {
    made.push(await createTestAuthority({ name: `Bundle ${index}`, intermediates: 0 }))
  }
  return made
}

function reportsOf(child: Child): ManyReport[] {
  return child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"event"'))
    .map((line) => JSON.parse(line) as ManyReport)
}

const directory = mkdtempSync(join(tmpdir(), 'twinlatch-many-'))
mkdirSync(directory, { recursive: true })
const children = new Children(directory)
try {
  await main(directory, children)
} finally {
  await children.stopAll()
  rmSync(directory, { recursive: true, force: true })
}
