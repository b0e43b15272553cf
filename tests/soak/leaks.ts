import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type GatewayProcess, startGateway } from './gateway-process.ts'
import { createTraffic, type Tally } from './traffic.ts'

const usage = `node tests/soak/leaks.ts [--requests N]

Sends N (200 000) requests, refused handshakes, malformed and aborted requests among them, through a
real gateway process, in at most 5 minutes. Exit code 1 when file descriptors or memory did not stay flat.`

/** Compiled code and caches, and the ring of 10 000 explanations: what is filled once is no leak. */
const warmUpRequests = 20_000
/** There is a ring of its own for refusals. */
const warmUpRefusals = 12_000
/** Kept connections towards workloads close after 30 s of rest; a few may be of other parts. */
const descriptorsBound = 8
const settleMs = 60_000
/** The end of the traffic, however slow the machine: it says then how many requests there were. */
const trafficMs = 240_000
/** One leaked object of 100 bytes a request would be 20 MB; records of refusals differ in size. */
const heapBound = 16 * 1_048_576
/** What OpenSSL and Node keep is not in the heap: 5 KiB lost per handshake would be 60 MiB. */
const residentBound = 48 * 1_048_576

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '200000' }, help: { type: 'boolean' } },
})
const requests = Number(values.requests)
if (values.help || !Number.isSafeInteger(requests) || requests <= 0) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = values.help ? 0 : 2
} else {
  await run()
}

async function run(): Promise<void> {
  const gateway = await startGateway()
  const traffic = createTraffic(gateway)
  try {
    const descriptorsAtStart = gateway.descriptors()
    await traffic.send(warmUpRequests, new Map(), trafficMs)
    await traffic.fillRefusals(warmUpRefusals)
    const before = await measure(gateway, descriptorsAtStart)
    const tally: Tally = new Map()
    const begin = performance.now()
    await traffic.send(requests, tally, trafficMs)
    const seconds = (performance.now() - begin) / 1_000
    traffic.stop()
    const after = await measure(gateway, descriptorsAtStart)
    report({ tally, seconds, descriptorsAtStart, before, after })
  } finally {
    traffic.stop()
    await gateway.stop()
  }
}

interface Measure {
  readonly descriptors: number
  readonly heap: number
  readonly resident: number
}

/** After the connections had time to close; clients keep theirs during the warm-up. */
async function measure(gateway: GatewayProcess, atStart: number): Promise<Measure> {
  const heap = await gateway.heapAfterCollection()
  const end = performance.now() + settleMs
  while (gateway.descriptors() > atStart + descriptorsBound && performance.now() < end) {
    await wait(500)
  }
  return { descriptors: gateway.descriptors(), heap, resident: gateway.resident() }
}

function report(result: {
  tally: Tally
  seconds: number
  descriptorsAtStart: number
  before: Measure
  after: Measure
}): void {
  const { tally, seconds, descriptorsAtStart, before, after } = result
  const mib = (bytes: number) => `${(bytes / 1_048_576).toFixed(1)} MiB`
  const sent = [...tally.values()].reduce((sum, count) => sum + count, 0)
  const lines = [
    `${sent} of ${requests} requests in ${seconds.toFixed(0)} s (${(sent / seconds).toFixed(0)} a second)`,
    [...tally].map(([name, count]) => `${count} ${name}`).join(', '),
    `file descriptors: ${descriptorsAtStart} at the start, ${after.descriptors} at the end`,
    `heap after collection: ${mib(before.heap)} after the warm-up, ${mib(after.heap)} at the end`,
    `resident: ${mib(before.resident)} after the warm-up, ${mib(after.resident)} at the end`,
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  const faults = [
    after.descriptors > descriptorsAtStart + descriptorsBound && 'file descriptors leak',
    after.heap - before.heap > heapBound && 'the heap leaks',
    after.resident - before.resident > residentBound && 'memory outside the heap leaks',
  ].filter((fault) => fault !== false)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  if (faults.length > 0) process.exitCode = 1
}
