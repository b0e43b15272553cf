import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compileManifests, settingsFor } from './gateway/compile-manifests.ts'
import { gatewayManifests } from './gateway/manifests.ts'
import { createSite, requestText, type Site } from './gateway/site.ts'
import { createFakePool, FakeExchange } from './pipeline/fake-exchange.ts'
import { type Connection, handlerInProcess, type InProcess } from './pipeline/in-process.ts'

const port = 9443
const connections = 64
const requestsPerRound = 60_000
const rounds = 7

/** CPU of the gateway's own code per request, with the reading of its head: no socket, no TLS, no workload. */
async function main(subjectCounts: readonly number[], timeout: string | null): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'twinlatch-pipeline-'))
  try {
    const site = await createSite(directory, 9)
    for (const subjects of subjectCounts) await measure(site, subjects, timeout)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function measure(site: Site, subjects: number, timeout: string | null): Promise<void> {
  const settings = settingsFor(port)
  const manifests = gatewayManifests(site, subjects).map(({ name, text }) => ({
    name,
    text: timeout === null ? text : text.replace('- match:', `- timeout: ${timeout}\n      match:`),
  }))
  const compiled = compileManifests(manifests, settings)
  const pool = createFakePool()
  const gateway = handlerInProcess(compiled, { port, settings, pool })
  const leaf = derOf(readFileSync(site.client.certificate, 'utf8'))
  const peers = Array.from({ length: connections }, (_, index) =>
    gateway.connect([leaf], 40_000 + index),
  )
  const text = Buffer.from(requestText('/api/orders/42?expand=items'), 'latin1')
  await assertServed(gateway, peers, text)
  const whole: number[] = []
  const empty: number[] = []
  for (let round = 0; round <= rounds; round++) {
    const emptyUs = await cpuPerRequest(peers, text, async () => {})
    const wholeUs = await cpuPerRequest(peers, text, (exchange) => gateway.handle(exchange))
    // The first round warms up.
    if (round > 0) {
      whole.push(wholeUs - emptyUs)
      empty.push(emptyUs)
    }
  }
  const figures = whole.map((us) => us.toFixed(2)).join(' ')
  process.stdout.write(
    `${subjects} subjects: ${median(whole).toFixed(2)} us CPU per request (rounds ${figures}; ` +
      `the fake exchange itself ${median(empty).toFixed(2)})\n`,
  )
}

async function assertServed(
  gateway: InProcess,
  peers: readonly Connection[],
  text: Buffer,
): Promise<void> {
  for (const peer of peers) {
    const exchange = new FakeExchange(peer, text.toString('latin1'))
    await gateway.handle(exchange)
    if (exchange.status !== 200) throw new Error(`the gateway answered ${exchange.status}`)
  }
}

/** In turns of one request per connection, as a closed loop makes them. */
async function cpuPerRequest(
  peers: readonly Connection[],
  text: Buffer,
  handle: (exchange: FakeExchange) => Promise<void>,
): Promise<number> {
  const before = process.cpuUsage()
  for (let sent = 0; sent < requestsPerRound; sent += peers.length) {
    const turn = peers.map((peer) => handle(new FakeExchange(peer, text.toString('latin1'))))
    await Promise.all(turn)
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / requestsPerRound
}

function derOf(pem: string): Uint8Array {
  return Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const { values } = parseArgs({
  options: {
    subjects: { type: 'string', default: '10,10000' },
    /** Of the route, such as `300s`; none unless given. */
    timeout: { type: 'string' },
  },
})
await main(values.subjects.split(',').map(Number), values.timeout ?? null)
