import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestCertificate } from '@twinlatch/testing'
import { askServer, hostOf, serverCertificate } from './judge-gateway.ts'
import { askEach, type MadeCase, type Verdict } from './verdict.ts'

/** Loading three hundred listeners takes Envoy seconds. */
const startTimeoutMs = 60_000

/**
 * Verdicts of real handshakes with Envoy, whose binary is at `binary`: a listener with its own bundle
 * for each case, set up as Istio does for a Gateway of mode MUTUAL.
 */
export async function judgeByEnvoy(
  binary: string,
  cases: readonly MadeCase[],
  directory: string,
): Promise<ReadonlyMap<string, Verdict>> {
  const server = await serverCertificate()
  const listeners = join(directory, 'listeners.json')
  const resources = cases.map((one) => listenerOf(one, server))
  await writeFile(listeners, JSON.stringify({ version_info: '1', resources }))
  const adminFile = join(directory, 'admin.txt')
  const bootstrap = join(directory, 'envoy.json')
  await writeFile(bootstrap, JSON.stringify(bootstrapOf(listeners)))
  const child = spawn(
    binary,
    [
      ...['-c', bootstrap, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'error'],
      ...['--admin-address-path', adminFile],
    ],
    { stdio: 'ignore' },
  )
  try {
    const ports = await portsOf(child, adminFile)
    return await askEach(cases, 2, async (one) => {
      if (one.noHandshake !== undefined) return { says: 'none', why: one.noHandshake }
      const port = ports.get(nameOf(one))
      if (port === undefined) return { says: 'refuse', why: 'bundle not taken' }
      return { says: await askServer(port, hostOf(one), one), why: '' }
    })
  } finally {
    child.kill()
    if (child.exitCode === null) await once(child, 'exit')
  }
}

/** Version of the binary, as the reference names it. */
export async function envoyVersion(binary: string): Promise<string> {
  const { stdout } = await promisify(execFile)(binary, ['--version'])
  return /\/(\d+\.\d+\.\d+)/.exec(stdout)?.[1] ?? 'of unknown version'
}

const nameOf = ({ index }: MadeCase) => `case-${index}`
const typed = (type: string, rest: object) => ({ '@type': `type.googleapis.com/${type}`, ...rest })

function bootstrapOf(listeners: string): object {
  return {
    node: { id: 'test', cluster: 'test' },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    dynamic_resources: {
      lds_config: { resource_api_version: 'V3', path_config_source: { path: listeners } },
    },
  }
}

function listenerOf(one: MadeCase, server: TestCertificate): object {
  const inline = (text: string) => ({ inline_string: text })
  const connections = typed(
    'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    {
      stat_prefix: 'all',
      route_config: {
        virtual_hosts: [
          {
            ...{ name: 'all', domains: ['*'] },
            routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
          },
        ],
      },
      http_filters: [
        {
          name: 'router',
          typed_config: typed('envoy.extensions.filters.http.router.v3.Router', {}),
        },
      ],
    },
  )
  const tls = typed('envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      tls_certificates: [
        { certificate_chain: inline(server.chainPem), private_key: inline(server.privateKeyPem) },
      ],
      validation_context: {
        trusted_ca: inline(one.bundlePem),
        ...(one.crlPem === null ? {} : { crl: inline(one.crlPem) }),
      },
    },
  })
  return typed('envoy.config.listener.v3.Listener', {
    name: nameOf(one),
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [
      {
        filters: [{ name: 'http', typed_config: connections }],
        transport_socket: { name: 'tls', typed_config: tls },
      },
    ],
  })
}

/** Ports of the listeners that Envoy has taken, by name. */
async function portsOf(
  child: ChildProcess,
  adminFile: string,
): Promise<ReadonlyMap<string, number>> {
  const deadline = AbortSignal.timeout(startTimeoutMs)
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Envoy ended with ${child.exitCode}`)
    deadline.throwIfAborted()
    const admin = await readFile(adminFile, 'utf8').catch(() => '')
    const ready = admin && (await fetch(`http://${admin}/ready`).catch(() => null))
    if (ready && ready.status === 200) return listenersOf(admin)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

async function listenersOf(admin: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${admin}/listeners?format=json`)
  const body = (await response.json()) as {
    listener_statuses: { name: string; local_address: { socket_address: { port_value: number } } }[]
  }
  return new Map(
    body.listener_statuses.map(({ name, local_address: address }) => [
      name,
      address.socket_address.port_value,
    ]),
  )
}
