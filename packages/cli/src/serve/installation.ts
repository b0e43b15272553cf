import { writeFile } from 'node:fs/promises'
import type { ServerStatus } from '@twinlatch/control'
import {
  Lifecycle,
  type Logger,
  type Metrics,
  messageOf,
  type Secret,
  systemClock,
} from '@twinlatch/kit'
import { encodePem } from '@twinlatch/pki'
import { type DatabaseUrl, loadMasterKey, StoreError } from '@twinlatch/store'
import type { Hono } from 'hono'
import type { Home } from '../home.ts'
import { openHomeStore } from '../home-store.ts'
import { createServerApp } from './control-app.ts'
import type { ControlListener, ServerIdentity } from './control-listener.ts'
import type { GatewayHost } from './gateway-host.ts'
import { keepIdentity, type LastKnown, readLastKnown } from './last-known.ts'
import { issueControlCertificate, keepCertificateFresh } from './server-certificate.ts'
import {
  type CoreOptions,
  type CoreServices,
  openCoreServices,
  openPublishedServices,
  type Surroundings,
} from './services.ts'

/** What is there before the database. */
export interface Ground extends CoreOptions {
  readonly home: Home
  readonly database: DatabaseUrl
  readonly adminToken: Secret
  readonly log: Logger
  readonly metrics: Metrics
}

/** The services on an open database, and a fresh certificate for the control listener. */
export interface Connected {
  readonly surroundings: Surroundings
  readonly core: CoreServices
  readonly identity: ServerIdentity & { readonly notAfter: Date }
}

/** Opens the database and what stands on it; all of it ends with `lifecycle`. */
export async function connect(ground: Ground, lifecycle: Lifecycle): Promise<Connected> {
  const { home, database, log, metrics } = ground
  const store = lifecycle.add(await openHomeStore(home, database, log))
  const surroundings = { store, clock: systemClock, log, metrics, lifecycle }
  const core = await openCoreServices(surroundings, ground)
  return { surroundings, core, identity: await issueControlCertificate(core.ca) }
}

/**
 * The database or, when it cannot be reached, what the home remembers of it. Throws what kept it
 * from the one if there is not the other.
 */
export async function connectOrRemember(
  ground: Ground,
  lifecycle: Lifecycle,
): Promise<Connected | LastKnown> {
  const attempt = new Lifecycle()
  try {
    const connected = await connect(ground, attempt)
    lifecycle.add(attempt)
    return connected
  } catch (error) {
    await attempt.stop()
    const away = error instanceof StoreError && error.code === 'store/unreachable'
    const known = away ? await readLastKnown(ground.home, error) : null
    if (!known) throw error
    return known
  }
}

/** Brings gateway and control listener to the database, and returns the app that is to serve. */
export async function takeIntoService(
  ground: Ground,
  { surroundings, core, identity }: Connected,
  parts: { listener: ControlListener; gateway: GatewayHost; status: () => ServerStatus },
): Promise<Hono> {
  const { home, adminToken, log, metrics } = ground
  const { listener, gateway, status } = parts
  const { lifecycle, clock } = surroundings
  const use = async (next: ServerIdentity) => {
    listener.renew(next)
    await rememberIdentity(ground, next)
  }
  await use(identity)
  const { ca } = core
  lifecycle.add(keepCertificateFresh({ ca, notAfter: identity.notAfter, clock, log, use }))
  const published = await openPublishedServices(surroundings, core, listener.port)
  lifecycle.onStop(await gateway.follow(core.control.documents))
  await writeAuthorities(home, await ca.authorities())
  const services = { ...core, ...published }
  return createServerApp({ services, adminToken, port: listener.port, log, metrics, status })
}

/** Whether the home remembers its database: an SQLite file is in the home itself. */
export function isRemembered(database: DatabaseUrl): boolean {
  return typeof database !== 'string'
}

async function rememberIdentity(ground: Ground, identity: ServerIdentity): Promise<void> {
  const { home, database, log } = ground
  if (!isRemembered(database)) return
  try {
    const masterKey = await loadMasterKey({ file: home.masterKey, create: false })
    await keepIdentity(home, masterKey, identity)
  } catch (error) {
    log.error(
      { event: 'snapshot.not_written', reason: messageOf(error) },
      'a start without the database would fail',
    )
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
