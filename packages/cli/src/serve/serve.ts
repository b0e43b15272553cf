import { writeFile } from 'node:fs/promises'
import { loadAdminToken, type ServerStatus } from '@twinlatch/control'
import { createMetrics, Lifecycle, type Logger, type Stoppable, systemClock } from '@twinlatch/kit'
import { encodePem, formatName } from '@twinlatch/pki'
import { acquireHomeLock, type DatabaseUrl } from '@twinlatch/store'
import { type Home, openHome, type RunState, removeRunState, writeRunState } from '../home.ts'
import { openHomeStore } from '../home-store.ts'
import { programVersion } from '../version.ts'
import { createServerApp } from './control-app.ts'
import { openControlListener } from './control-listener.ts'
import { type GatewayHost, openGatewayHost } from './gateway-host.ts'
import { openHealthListener } from './health-listener.ts'
import { findFreePort, type ListenerPorts } from './listen.ts'
import { issueControlCertificate, keepCertificateFresh } from './server-certificate.ts'
import { readServerConfig } from './server-config.ts'
import { openCoreServices, openPublishedServices, type Surroundings } from './services.ts'

export interface ServeOptions {
  readonly home: Home
  readonly database: DatabaseUrl
  readonly ports: ListenerPorts
  readonly log: Logger
}

/** A running installation: everything in this process. */
export interface RunningServer extends Stoppable {
  readonly state: RunState
  readonly authorities: readonly { name: string; subject: string; notAfter: Date }[]
}

/**
 * Starts all services on `home` and returns when they serve. Wires them: no service knows another.
 * Whatever was started is stopped again when a later part fails.
 */
export async function serve(options: ServeOptions): Promise<RunningServer> {
  const lifecycle = new Lifecycle()
  try {
    return await start(options, lifecycle)
  } catch (error) {
    await lifecycle.stop()
    throw error
  }
}

async function start(
  { home, database, ports, log }: ServeOptions,
  lifecycle: Lifecycle,
): Promise<RunningServer> {
  await openHome(home)
  const lock = lifecycle.add(await acquireHomeLock(home.directory))
  const config = readServerConfig(home.config)
  const gatewayPort = ports.gateway === 0 ? await findFreePort() : ports.gateway
  const settings = { ...config.gateway, portMap: { ...config.gateway.portMap, '443': gatewayPort } }
  const metrics = createMetrics({ version: programVersion(), revision: 'source' })

  const surroundings: Surroundings = {
    store: lifecycle.add(await openHomeStore(home, database, log)),
    clock: systemClock,
    log,
    metrics,
    lifecycle,
  }
  const core = await openCoreServices(surroundings, settings)
  const identity = await issueControlCertificate(core.ca)
  const listener = lifecycle.add(await openControlListener(ports.control, identity, log))
  lifecycle.add(
    keepCertificateFresh({
      ca: core.ca,
      notAfter: identity.notAfter,
      clock: systemClock,
      log,
      use: listener.renew,
    }),
  )
  const services = { ...core, ...(await openPublishedServices(surroundings, core, listener.port)) }
  const gateway = lifecycle.add(
    await openGatewayHost({ control: core.control, settings, clock: systemClock, log, metrics }),
  )
  let serving = true
  lifecycle.onStop(() => {
    serving = false
  })
  const health = lifecycle.add(
    await openHealthListener({
      port: ports.health,
      checks: [
        {
          name: 'store',
          check: async () => (await core.control.subaccounts.byName('dev')) !== null,
        },
      ],
      isServing: () => serving,
      renderMetrics: metrics.render,
    }),
  )

  const authorities = await core.ca.authorities()
  await writeAuthorities(home, authorities)
  const state: RunState = {
    pid: process.pid,
    startedAt: lock.startedAt,
    version: programVersion(),
    urls: {
      control: `https://localhost:${listener.port}`,
      gateway: `https://localhost:${gatewayPort}`,
      health: `http://localhost:${health.port}`,
    },
    ca: home.authorities,
    adminToken: home.adminToken,
  }
  listener.serve(
    createServerApp({
      services,
      adminToken: await loadAdminToken({ file: home.adminToken }),
      port: listener.port,
      log,
      metrics,
      status: () => ({ ...state, ...gatewayStatus(gateway) }),
    }),
  )
  await writeRunState(home, state)
  lifecycle.onStop(() => removeRunState(home))
  return {
    state,
    authorities: authorities.map(({ name, root }) => ({
      name,
      subject: formatName(root.subject),
      notAfter: root.notAfter,
    })),
    stop: () => lifecycle.stop(),
  }
}

/** Roots of our own server certificates: what clients of this installation must trust. */
async function writeAuthorities(
  home: Home,
  authorities: readonly { profile: string; root: { raw: Uint8Array } }[],
): Promise<void> {
  const servers = authorities.filter(({ profile }) => profile === 'server')
  const pem = servers.map(({ root }) => encodePem('CERTIFICATE', root.raw)).join('')
  await writeFile(home.authorities, pem, { mode: 0o644 })
}

function gatewayStatus(gateway: GatewayHost): Pick<ServerStatus, 'generation' | 'gateways'> {
  const servers = gateway.engine.status().servers.map((server) => ({ ...server }))
  return { generation: gateway.generation(), gateways: servers }
}
