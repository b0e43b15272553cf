import { readFileSync } from 'node:fs'
import { connectTo } from '../../connection.ts'
import type { DemoShell } from '../shell.ts'
import { applyCredential } from './gateway.ts'
import { extract } from './issue.ts'
import { createThrowawayAuthority } from './throwaway-authority.ts'

interface Refusal {
  readonly what: string
  readonly codes: readonly string[]
  /** curl arguments after the trust options. */
  readonly call: readonly string[]
  /** Status, where the refusal is an HTTP answer. */
  readonly status?: number
  /** Text that the explanation must hold. */
  readonly says?: string
}

/** Step 11: everybody who must be refused is, on a real connection, and each refusal explains itself. */
export async function refusals(shell: DemoShell): Promise<void> {
  await prepare(shell)
  for (const refusal of refusalsOf(shell)) await refuse(shell, refusal)
  await forgedHeaders(shell)
}

async function prepare(shell: DemoShell): Promise<void> {
  const { names } = shell
  await createThrowawayAuthority(shell)
  await shell.twinlatch([
    ...['cert', 'issue', `other-${names.id}`, '--key-type', 'ec'],
    ...['--password-file', 'password.txt', '-o', `other-${names.id}.p12`],
  ])
  await extract(shell, `other-${names.id}`)
  await applyCredential(shell, names.refusalsCredential, names.refusalsHost, 'clients')
  const own = await shell.twinlatch(['ca', 'bundle', 'clients'])
  const throwaway = await shell.tool('openssl', ['x509', '-in', 'throwaway-ca.crt'])
  const bundle = Buffer.from(`${own.stdout.trimEnd()}\n${throwaway.stdout}`).toString('base64')
  await shell.write('refusals.yaml', refusalsManifest(shell, bundle))
  await shell.twinlatch(['apply', '-f', 'refusals.yaml'])
}

/** A host of its own, whose bundle also holds the throwaway authority. */
function refusalsManifest({ names }: DemoShell, bundle: string): string {
  return `apiVersion: v1
kind: Secret
metadata: { name: ${names.refusalsCredential}-cacert, namespace: istio-system }
type: Opaque
data: { cacert: ${bundle} }
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: demo-refusals, namespace: ${names.id} }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https-refusals, protocol: HTTPS }
      hosts: ["${names.refusalsHost}"]
      tls: { mode: MUTUAL, credentialName: ${names.refusalsCredential} }
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: demo-refusals, namespace: ${names.id} }
spec:
  hosts: ["${names.refusalsHost}"]
  gateways: ["${names.id}/demo-refusals"]
  http:
    - route: [{ destination: { host: httpbin.${names.id}.svc.cluster.local, port: { number: 8000 } } }]
`
}

function refusalsOf({ names, server }: DemoShell): readonly Refusal[] {
  const cluster = `https://${names.clusterHost}:${server.gatewayPort}/headers`
  const own = `https://${names.refusalsHost}:${server.gatewayPort}/headers`
  const as = (name: string, url: string) => ['--key', `${name}.key`, '--cert', `${name}.crt`, url]
  return [
    { what: 'no certificate', codes: ['TLS_NO_CLIENT_CERT'], call: [cluster] },
    { what: 'unknown authority', codes: ['CHN_UNKNOWN_AUTHORITY'], call: as('stranger', cluster) },
    { what: 'self-signed', codes: ['CHN_SELF_SIGNED'], call: as('self-signed', cluster) },
    { what: 'expired', codes: ['VAL_EXPIRED'], call: as('expired', own) },
    { what: 'server-only purpose', codes: ['EKU_NOT_CLIENT_AUTH'], call: as('server-only', own) },
    {
      what: 'right authority, other subject',
      codes: ['POL_NO_ALLOW_MATCHED'],
      call: as(`other-${names.id}`, cluster),
      status: 403,
      says: `CN=other-${names.id} (P000000)`,
    },
    {
      what: 'unknown host',
      codes: ['SNI_UNKNOWN_HOST'],
      call: as(names.client, `https://nobody.localhost:${server.gatewayPort}/`),
    },
    {
      what: 'plain HTTP on the TLS port',
      codes: ['TLS_NOT_TLS'],
      call: [`http://${names.clusterHost}:${server.gatewayPort}/headers`],
    },
  ]
}

async function refuse(shell: DemoShell, refusal: Refusal): Promise<void> {
  const before = await lastDenied(shell)
  const answer = await shell.curl(['-w', '\n%{http_code}', ...refusal.call], { exit: 'any' })
  const status = Number(answer.stdout.slice(answer.stdout.lastIndexOf('\n') + 1))
  const wanted = refusal.status ?? 0
  shell.check(status === wanted, `${refusal.what}: status ${status}, expected ${wanted || 'none'}`)
  const record = await waitForRefusal(shell, before?.id ?? null)
  shell.check(record !== null, `${refusal.what}: no explanation was recorded`)
  shell.check(
    refusal.codes.includes(record.code),
    `${refusal.what}: explained as ${record.code}, expected ${refusal.codes.join(' or ')}`,
  )
  const explained = await shell.twinlatch(['explain', '--last-denied'], { exit: [4] })
  shell.check(explained.stdout.includes(record.code), 'explain does not name the code')
  const says = refusal.says ?? ''
  shell.check(explained.stdout.includes(says), `${refusal.what}: the explanation lacks "${says}"`)
}

interface RefusalRecord {
  readonly id: string
  readonly code: string
}

/** Asked past the commands: it is bookkeeping of the demo, not part of the flow. */
async function lastDenied({ server }: DemoShell): Promise<RefusalRecord | null> {
  const connection = connectTo({
    url: server.controlUrl,
    ca: readFileSync(server.caFile, 'utf8'),
    token: readFileSync(server.adminTokenFile, 'utf8').trim(),
  })
  try {
    const [record] = await connection.control.explanations.list({ last: 'denied', limit: 1 })
    return record?.code ? { id: record.id, code: record.code } : null
  } finally {
    await connection.close()
  }
}

/** How long a record may come after the client has seen its connection end. */
const recordTimeoutMs = 3000
const recordPollMs = 20

/** A record is written when the server ends the connection, which curl may see first. */
async function waitForRefusal(
  shell: DemoShell,
  before: string | null,
): Promise<RefusalRecord | null> {
  const deadline = performance.now() + recordTimeoutMs
  while (performance.now() < deadline) {
    const record = await lastDenied(shell)
    if (record && record.id !== before) return record
    await new Promise((resolve) => setTimeout(resolve, recordPollMs))
  }
  return null
}

/** Names and spellings a workload might believe; whoever may call cannot choose them. */
async function forgedHeaders(shell: DemoShell): Promise<void> {
  const { names, server } = shell
  const answer = await shell.curl([
    ...['--key', `${names.client}.key`, '--cert', `${names.client}.crt`],
    ...['-H', 'X-Client-Ssl-Cn: CN=admin', '-H', 'X_Client_Ssl_Cn: CN=admin'],
    ...['-H', 'X-Forwarded-Client-Cert: Hash=00;Subject="CN=admin"'],
    `https://${names.clusterHost}:${server.gatewayPort}/headers`,
  ])
  shell.check(answer.stdout.includes(`CN=${names.client} (P000000)`), 'the real subject is missing')
  shell.check(!answer.stdout.includes('CN=admin'), 'a forged header reached the workload')
}
