import { createExplanationFeed, loadAdminToken, type ServerStatus } from '@twinlatch/control'
import { createPlanner } from '@twinlatch/gateway'
import {
  createMetrics,
  Lifecycle,
  type Logger,
  type Metrics,
  type Stoppable,
  systemClock,
} from '@twinlatch/kit'
import { formatName } from '@twinlatch/pki'
import { acquireHomeLock, type DatabaseUrl, loadMasterKey } from '@twinlatch/store'
import { type Home, openHome, type RunState, removeRunState, writeRunState } from '../home.ts'
import { programVersion } from '../version.ts'
import { createAwayApp } from './control-app.ts'
import { openControlListener } from './control-listener.ts'
import { createGatewayHost, type GatewayHost, type SnapshotOrigin } from './gateway-host.ts'
import { openHealthListener } from './health-listener.ts'
import {
  type Connected,
  connect,
  connectOrRemember,
  type Ground,
  isRemembered,
  takeIntoService,
} from './installation.ts'
import { findFreePort, type ListenerPorts } from './listen.ts'
import { reconnect } from './reconnect.ts'
import { readServerConfig } from './server-config.ts'
import type { CoreServices } from './services.ts'
import { createSnapshotKeeper, type Snapshot } from './snapshot.ts'

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
  /** Where the first snapshot came from: from disk means that the database is away. */
  readonly startedFrom: SnapshotOrigin | null
}

/**
 * Starts all services on `home` and returns when they serve. Wires them: no service knows another.
 * Whatever was started is stopped again when a later part fails. While the database cannot be
 * reached, a home that has been served before serves its gateway from what it kept.
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

async function start(options: ServeOptions, lifecycle: Lifecycle): Promise<RunningServer> {
  const { home, ports, log } = options
  await openHome(home)
  const { startedAt } = lifecycle.add(await acquireHomeLock(home.directory))
  const { ground, gatewayPort } = await prepare(options)
  // What needs the database ends last, whenever it was reached.
  const onDatabase = lifecycle.add(new Lifecycle())
  const first = await connectOrRemember(ground, onDatabase)
  const listener = lifecycle.add(await openControlListener(ports.control, first.identity, log))
  const gateway = lifecycle.add(
    createGatewayHost({
      ...ground,
      sink: ground.explanations,
      clock: systemClock,
      keep: await openKeeper(ground, lifecycle),
    }),
  )
  let state: RunState | undefined
  const status = (): ServerStatus => {
    if (!state) throw new TypeError('a status before the start was over')
    return { ...state, ...gatewayStatus(gateway) }
  }
  let control: CoreServices['control'] | null = null
  const takeOver = async (connected: Connected) => {
    const app = await takeIntoService(ground, connected, { listener, gateway, status })
    control = connected.core.control
    return app
  }

  let app = createAwayApp({ ...ground, port: listener.port, status })
  if ('core' in first) app = await takeOver(first)
  else await serveRemembered(gateway, first.snapshot, log)
  const health = await openHealth(ports.health, ground.metrics, lifecycle, async () => {
    return (await control?.subaccounts.byName('dev')) != null
  })
  state = {
    pid: process.pid,
    startedAt,
    version: programVersion(),
    urls: {
      control: `https://localhost:${listener.port}`,
      gateway: `https://localhost:${gatewayPort}`,
      health: `http://localhost:${health.port}`,
    },
    ca: home.authorities,
    adminToken: home.adminToken,
  }
  listener.serve(app)
  await writeRunState(home, state)
  lifecycle.onStop(() => removeRunState(home))
  if (!('core' in first)) {
    const attempt = async (own: Lifecycle) =>
      listener.serve(await takeOver(await connect(ground, own)))
    lifecycle.add(reconnect(() => inLifecycle(onDatabase, attempt), { log }))
  }
  return {
    state,
    authorities: 'core' in first ? await authoritiesOf(first) : [],
    startedFrom: gateway.origin(),
    stop: () => lifecycle.stop(),
  }
}

async function prepare({ home, database, ports, log }: ServeOptions): Promise<{
  ground: Ground
  gatewayPort: number
}> {
  const { gateway, audit } = readServerConfig(home.config)
  const gatewayPort = ports.gateway === 0 ? await findFreePort() : ports.gateway
  const ground = {
    home,
    database,
    settings: { ...gateway, portMap: { ...gateway.portMap, '443': gatewayPort } },
    // One for both: what was checked before it was stored is not planned again to be served.
    planner: createPlanner(),
    auditRetentionDays: audit.retentionDays,
    explanations: createExplanationFeed({ clock: systemClock }),
    adminToken: await loadAdminToken({ file: home.adminToken }),
    metrics: createMetrics({ version: programVersion(), revision: 'source' }),
    log,
  }
  return { ground, gatewayPort }
}

function openHealth(
  port: number,
  metrics: Metrics,
  lifecycle: Lifecycle,
  check: () => Promise<boolean>,
) {
  let serving = true
  lifecycle.onStop(() => {
    serving = false
  })
  return openHealthListener({
    port,
    checks: [{ name: 'store', check }],
    isServing: () => serving,
    renderMetrics: metrics.render,
  }).then((health) => lifecycle.add(health))
}

/** What `work` starts belongs to `lifecycle` if it succeeds, and is stopped if it does not. */
async function inLifecycle(
  lifecycle: Lifecycle,
  work: (attempt: Lifecycle) => Promise<void>,
): Promise<void> {
  const attempt = new Lifecycle()
  try {
    await work(attempt)
    lifecycle.add(attempt)
  } catch (error) {
    await attempt.stop()
    throw error
  }
}

async function serveRemembered(gateway: GatewayHost, snapshot: Snapshot, log: Logger) {
  log.warn(
    { event: 'gateway.started_from_disk', takenAt: snapshot.takenAt },
    'the database cannot be reached; the gateway serves what it kept',
  )
  await gateway.serveFromDisk(snapshot)
}

/** Where the gateway's snapshots are kept, if they are. */
async function openKeeper(
  { home, database, log }: Ground,
  lifecycle: Lifecycle,
): Promise<(snapshot: Snapshot) => void> {
  if (!isRemembered(database)) return () => undefined
  const masterKey = await loadMasterKey({ file: home.masterKey, create: false })
  return lifecycle.add(createSnapshotKeeper({ file: home.snapshot, masterKey }, log)).keep
}

async function authoritiesOf({ core }: Connected): Promise<RunningServer['authorities']> {
  return (await core.ca.authorities()).map(({ name, root }) => ({
    name,
    subject: formatName(root.subject),
    notAfter: root.notAfter,
  }))
}

function gatewayStatus(
  gateway: GatewayHost,
): Pick<ServerStatus, 'generation' | 'snapshot' | 'gateways'> {
  const servers = gateway.engine.status().servers.map((server) => ({ ...server }))
  return { generation: gateway.generation(), snapshot: gateway.origin(), gateways: servers }
}
