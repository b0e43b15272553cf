import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestAuthority, freePort, freePorts, type TestAuthority } from '@twinlatch/testing'
import { type Child, type Children, waitForPort } from '../machine/children.ts'
import {
  type Load,
  type Loaded,
  type Measurement,
  measure,
  measureTogether,
  writeRequests,
} from '../machine/load.ts'
import { hostOf, large, type ManyConfiguration, manyManifests, small } from './many-manifests.ts'
import type { ManyReport } from './serve-many.ts'
import { requestText, subjectOf } from './site.ts'

/** Names of the two gateways that are compared. */
type SizeName = 'small' | 'large'
/** What callers do: requests on open connections, or a full handshake for each. */
export type ManyLoad = 'keepAlive' | 'full'

/** Both gateways, running, and a way to load them. */
export interface ManySite {
  readonly gateways: Readonly<Record<SizeName, ManyGateway>>
  run(name: SizeName, load: ManyLoad, seconds: number): Promise<Measurement>
  /** Both at once, on the core they share: nothing that the machine does meets only one of them. */
  runBoth(load: ManyLoad, seconds: number): Promise<Readonly<Record<SizeName, Measurement>>>
}

/** A gateway of one size. */
export interface ManyGateway {
  readonly port: number
  readonly child: Child
}

/** What a gateway has said so far. */
export function reportsOf({ child }: ManyGateway): ManyReport[] {
  return child
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"event"'))
    .map((line) => JSON.parse(line) as ManyReport)
}

/** Makes all certificates and manifests, and starts a small gateway, a large one and a workload. */
export async function startMany(
  directory: string,
  {
    children,
    native,
  }: {
    readonly children: Children
    readonly native: { readonly load: string; readonly upstream: string }
  },
): Promise<ManySite> {
  const upstreamPort = await freePort()
  const upstream = children.start('upstream', 'others', [native.upstream, `${upstreamPort}`])
  await waitForPort(upstreamPort, upstream)
  const { client, ...made } = await createMaterial(directory)
  const ports = await freePorts(2)
  const start = async (name: SizeName, port: number): Promise<ManyGateway> => {
    const size = name === 'small' ? small : large
    const file = join(directory, `${name}.json`)
    const files = manyManifests(size, { ...made, upstreamPort })
    writeFileSync(file, JSON.stringify({ port, size, files } satisfies ManyConfiguration))
    const program = new URL('serve-many.ts', import.meta.url).pathname
    const profile = process.env['TWINLATCH_BENCH_NODE_OPTIONS']?.split(' ') ?? []
    const child = children.start(name, 'measured', [process.execPath, ...profile, program, file])
    await waitForPort(port, child)
    return { port, child }
  }
  const gateways = {
    small: await start('small', ports[0] ?? 0),
    large: await start('large', ports[1] ?? 0),
  }
  const loads = loadsIn(directory)
  const loaded = (name: SizeName, load: ManyLoad, seconds: number): Loaded => ({
    pid: gateways[name].child.pid,
    load: {
      ...loads[load],
      port: gateways[name].port,
      name: hostOf(0),
      seconds,
      warmSeconds: 1,
      identity: { certificate: client.certificate, key: client.key },
    },
  })
  const ground = { children, program: native.load, others: [upstream.pid] }
  return {
    gateways,
    run: (name, load, seconds) => measure(loaded(name, load, seconds), ground),
    async runBoth(load, seconds) {
      const [small, large] = await measureTogether(
        [loaded('small', load, seconds), loaded('large', load, seconds)],
        ground,
      )
      if (!small || !large) throw new Error('one of the two was not measured')
      return { small, large }
    },
  }
}

async function createMaterial(directory: string) {
  const authorities: TestAuthority[] = []
  for (let index = 0; index < large.bundles; index++) {
    authorities.push(await createTestAuthority({ name: `Bundle ${index}`, intermediates: 0 }))
  }
  const [first] = authorities
  if (!first) throw new Error('no authority')
  const server = await first.issue({
    subject: 'CN=many',
    purpose: 'server',
    subjectAltNames: [{ type: 'dns', value: '*.many.localhost' }],
  })
  const client = await (await first.issue({ subject: subjectOf(1) })).writeTo(directory)
  return { server, client, authorities: authorities.map(({ rootPem }) => rootPem) }
}

function loadsIn(
  directory: string,
): Record<ManyLoad, Pick<Load, 'mode' | 'connections' | 'requests'>> {
  const text = (...more: string[]) =>
    requestText('/api/orders/42?expand=items', { host: hostOf(0), more })
  return {
    keepAlive: {
      mode: 'keep-alive',
      connections: 64,
      requests: writeRequests(join(directory, 'ka.requests'), [text()]),
    },
    full: {
      mode: 'full',
      connections: 16,
      requests: writeRequests(join(directory, 'hs.requests'), [text('Connection: close')]),
    },
  }
}
