import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import {
  compile,
  createNodeEngine,
  type Engine,
  gatewaySettings,
  parseManifests,
  plan,
} from '@twinlatch/gateway'
import {
  type Clock,
  createMetrics,
  devSubaccountId,
  silentLogger,
  systemClock,
} from '@twinlatch/kit'
import type { TestCertificate } from '@twinlatch/testing'
import type { Explanation } from '@twinlatch/trust'

/** A gateway under test with everything it has recorded. */
export interface Stack {
  readonly engine: Engine
  readonly port: number
  readonly records: readonly (() => Explanation)[]
  lastRecord(): Explanation
  /** Replaces the whole configuration. */
  apply(yaml: string): void
  open(host: string, client: ClientFiles | null, options?: ConnectionOptions): Promise<TLSSocket>
  /** One request on a connection of its own. */
  call(host: string, client: ClientFiles | null, options?: CallOptions): Promise<Answer>
}

/** What a client authenticates with. */
type ClientFiles = Pick<TestCertificate, 'chainPem' | 'privateKeyPem'>

/** What a client got: nothing, when the connection was closed instead. */
export interface Answer {
  readonly status: number | null
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly session: Buffer | undefined
}

/** One request. */
export interface CallOptions {
  readonly tls?: ConnectionOptions
  readonly method?: string
  readonly path?: string
  /** Header lines in the order and spelling of the wire. */
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
}

/** Opens a gateway on a free port with the documents in `yaml`. */
export async function openStack(
  yaml: string,
  options: {
    readonly settings?: object
    readonly clock?: Clock
    /** Documents that were stored before the settings refused them. */
    readonly problems?: 'expected'
  } = {},
): Promise<Stack> {
  const settings = gatewaySettings.parse({ portMap: { '443': 0 }, ...options.settings })
  const records: (() => Explanation)[] = []
  const engine = createNodeEngine({
    settings,
    sink: { record: (entry) => void records.push(() => entry.render()) },
    metrics: createMetrics({ version: 'test', revision: 'test' }),
    clock: options.clock ?? systemClock,
    log: silentLogger,
  })
  let generation = 0
  const apply = (text: string) => {
    generation += 1
    engine.swap(compile(planOf(text, settings, options.problems), generation))
  }
  apply(yaml)
  await engine.listen()
  const port = engine.ports.get(0) ?? 0
  const open: Stack['open'] = (host, client, tls) => openSocket(port, host, { client, tls })
  return {
    engine,
    port,
    records,
    lastRecord: () => lastOf(records)(),
    apply,
    open,
    async call(host, client, call = {}) {
      const socket = await open(host, client, call.tls)
      const answer = await send(socket, `${host}:${port}`, { ...call, close: true })
      socket.destroy()
      return answer
    },
  }
}

/** Sends one request on an open connection; `authority` is its Host. */
export async function send(
  socket: TLSSocket,
  authority: string,
  call: CallOptions & { readonly close?: boolean } = {},
): Promise<Answer> {
  let session: Buffer | undefined = socket.getSession()
  const keepTicket = (ticket: Buffer) => {
    session = ticket
  }
  socket.on('session', keepTicket)
  const headers: [string, string][] = [
    ['Host', authority],
    ['Connection', call.close ? 'close' : 'keep-alive'],
    ...(call.headers ?? []).map(([name, value]): [string, string] => [name, value]),
  ]
  if (call.body !== undefined) headers.push(['Content-Length', `${Buffer.byteLength(call.body)}`])
  const request = httpRequest({
    createConnection: () => socket,
    method: call.method ?? 'GET',
    path: call.path ?? '/headers',
    headers: headers.flat(),
  })
  // With header lines Node does not read `Connection` itself, and would close the socket.
  request.shouldKeepAlive = call.close !== true
  const response = await new Promise<IncomingMessage | null>((resolve) => {
    request.once('response', resolve)
    request.once('error', () => resolve(null))
    request.end(call.body)
    if (socket.destroyed) resolve(null)
  })
  const body = response ? (await response.setEncoding('utf8').toArray()).join('') : ''
  socket.off('session', keepTicket)
  if (!response) return { status: null, headers: {}, body, session }
  return { status: response.statusCode ?? null, headers: response.headers, body, session }
}

/** A Secret as it is applied. */
export function secret(name: string, data: Record<string, string>): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'istio-system' },
    stringData: data,
  })
}

/** Documents of one YAML text. */
export function documents(...parts: readonly string[]): string {
  return parts.join('\n---\n')
}

function planOf(
  text: string,
  settings: ReturnType<typeof gatewaySettings.parse>,
  expected?: 'expected',
) {
  const parsed = parseManifests([{ name: 'test.yaml', text }])
  const planned = plan({
    sets: [
      {
        subaccountId: devSubaccountId,
        documents: parsed.documents.map((document) => ({
          ...document,
          createdAt: '2026-11-23T12:00:00.000Z',
        })),
      },
    ],
    settings,
  })
  const problems = [...parsed.problems, ...planned.problems]
  if (problems.length > 0 && !expected) throw new Error(JSON.stringify(problems, null, 2))
  return planned.plan
}

async function openSocket(
  port: number,
  host: string,
  { client, tls }: { client: ClientFiles | null; tls: ConnectionOptions | undefined },
): Promise<TLSSocket> {
  const identity = client ? { cert: client.chainPem, key: client.privateKeyPem } : {}
  const socket = connect({ host: '127.0.0.1', port, servername: host, ...identity, ...tls })
  socket.on('error', () => {})
  await Promise.race(['secureConnect', 'close'].map((event) => settled(socket, event)))
  return socket
}

// `once` rejects on an error event, and a refused connection is an answer here.
async function settled(socket: TLSSocket, event: string): Promise<void> {
  await once(socket, event).catch(() => once(socket, 'close'))
}

function lastOf<Item>(list: readonly Item[]): Item {
  const last = list.at(-1)
  if (last === undefined) throw new Error('nothing was recorded')
  return last
}
