import { type ConnectionOptions, connect } from 'node:tls'
import { compile, createNodeEngine, type Engine, gatewaySettings, plan } from '@twinlatch/gateway'
import { createMetrics, devSubaccountId, silentLogger, systemClock } from '@twinlatch/kit'
import { createTestAuthority, type TestCertificate } from '@twinlatch/testing'
import type { Explanation } from '@twinlatch/trust'
import { askEach, keyPemOf, type MadeCase, type Verdict } from './verdict.ts'

/** A connection that neither answers nor ends within this time is a fault of ours. */
const answerTimeoutMs = 20_000

/** Verdicts of real handshakes with the product's gateway: a host with its own bundle for each case. */
export async function judgeByGateway(
  cases: readonly MadeCase[],
): Promise<ReadonlyMap<string, Verdict>> {
  const codes = new Map<string, string>()
  const engine = await openEngine(cases, (record) => {
    const name = record.connection.sni
    if (name && record.code) codes.set(name, record.code)
  })
  const port = engine.ports.get(0) ?? 0
  const ask = async (one: MadeCase): Promise<Verdict> => {
    if (one.noHandshake !== undefined) return { says: 'none', why: one.noHandshake }
    const says = await askServer(port, hostOf(one), one)
    if (says === 'none') return { says, why: 'no TLS client loads it' }
    return { says, why: says === 'accept' ? 'accepted' : (codes.get(hostOf(one)) ?? 'closed') }
  }
  try {
    return await askEach(cases, 4, ask)
  } finally {
    await engine.stop(0)
  }
}

/** Name of the host of a case. */
export function hostOf({ index }: MadeCase): string {
  return `case-${index}.path.localhost`
}

/** Whether a server answers an HTTP request of this client; `none` if no client can be made. */
export async function askServer(
  port: number,
  servername: string,
  one: MadeCase,
): Promise<Verdict['says']> {
  const options: ConnectionOptions = {
    ...{
      host: '127.0.0.1',
      port,
      servername,
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
    },
    ...{ cert: one.chainPem, key: keyPemOf(one) },
    // The client must be willing to show what the server has to refuse.
    ...{ ciphers: 'DEFAULT:@SECLEVEL=0' },
  }
  return new Promise((resolve, reject) => {
    let answer = ''
    try {
      const socket = connect(options, () => {
        socket.write(`GET / HTTP/1.1\r\nHost: ${servername}\r\nConnection: close\r\n\r\n`)
      })
      socket.setTimeout(answerTimeoutMs, () => reject(new Error(`no answer for ${one.name}`)))
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1')
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(answer.startsWith('HTTP/1.1 ') ? 'accept' : 'refuse'))
    } catch {
      resolve('none')
    }
  })
}

/** A server certificate for the hosts of all cases. */
export async function serverCertificate(): Promise<TestCertificate> {
  const servers = await createTestAuthority({ name: 'Servers' })
  return servers.issue({
    subject: [{ type: 'CN', value: '*.path.localhost' }],
    purpose: 'server',
    subjectAltNames: [{ type: 'dns', value: '*.path.localhost' }],
  })
}

async function openEngine(
  cases: readonly MadeCase[],
  record: (explanation: Explanation) => void,
): Promise<Engine> {
  const settings = gatewaySettings.parse({ portMap: { '443': 0 } })
  const server = await serverCertificate()
  const documents = cases.flatMap((one) => documentsOf(one, server))
  const planned = plan({ sets: [{ subaccountId: devSubaccountId, documents }], settings })
  const engine = createNodeEngine({
    settings,
    sink: { record: (entry) => record(entry.render()) },
    metrics: createMetrics({ version: 'test', revision: 'test' }),
    clock: systemClock,
    log: silentLogger,
  })
  // A bundle that cannot be used is a problem of its host: it stays closed, which is a verdict too.
  engine.swap(compile(planned.plan, 1))
  await engine.listen()
  return engine
}

function documentsOf(one: MadeCase, server: TestCertificate) {
  const name = `case-${one.index}`
  const secret = (secretName: string, values: Record<string, string>) =>
    document('v1', 'Secret', 'istio-system', secretName, {
      data: Object.fromEntries(
        Object.entries(values).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
      ),
    })
  const tls = { mode: 'MUTUAL', credentialName: name }
  const port = { number: 443, name: 'https', protocol: 'HTTPS' }
  return [
    secret(name, { 'tls.crt': server.chainPem, 'tls.key': server.privateKeyPem }),
    secret(`${name}-cacert`, {
      cacert: one.bundlePem,
      ...(one.crlPem === null ? {} : { crl: one.crlPem }),
    }),
    document('networking.istio.io/v1', 'Gateway', 'quovadis', name, {
      spec: {
        selector: { istio: 'ingressgateway' },
        servers: [{ port, hosts: [hostOf(one)], tls }],
      },
    }),
  ]
}

function document(
  apiVersion: string,
  kind: string,
  namespace: string,
  name: string,
  rest: Record<string, unknown>,
) {
  const body = JSON.parse(
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace }, ...rest }),
  )
  return { apiVersion, kind, namespace, name, body, createdAt: '2026-11-23T12:00:00.000Z' }
}
