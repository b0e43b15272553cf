import {
  type CertificateAuthority,
  migrations as caMigrations,
  openCertificateAuthority,
} from '@twinlatch/ca'
import {
  type Control,
  migrations as controlMigrations,
  type ExplanationFeed,
  openControl,
} from '@twinlatch/control'
import {
  type DestinationService,
  migrations as destinationMigrations,
  openDestinationService,
} from '@twinlatch/destinations'
import type { GatewaySettings, Planner } from '@twinlatch/gateway'
import type { Clock, Lifecycle, Logger, Metrics } from '@twinlatch/kit'
import type { MigrationSet, Store } from '@twinlatch/store'
import {
  openTokenService,
  type TokenService,
  migrations as tokenMigrations,
} from '@twinlatch/tokens'
import { createDocumentCompiler } from './document-compiler.ts'

/** What every service is given. */
export interface Surroundings {
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly lifecycle: Lifecycle
}

/** What the services share with the gateway, which is there before them. */
export interface CoreOptions {
  readonly settings: GatewaySettings
  readonly planner: Planner
  readonly explanations: ExplanationFeed
  readonly auditRetentionDays: number | null
}

/** The services that need no listener to exist: tenants, documents, audit, authorities. */
export interface CoreServices {
  readonly control: Control
  readonly ca: CertificateAuthority
}

/** The services whose answers hold the URL of the control listener. */
export interface PublishedServices {
  readonly tokens: TokenService
  readonly destinations: DestinationService
}

/** The schema of every service that shares the database. */
export const serviceMigrations: readonly MigrationSet[] = [
  controlMigrations,
  caMigrations,
  tokenMigrations,
  destinationMigrations,
]

/** Migrates the store for all services, then opens those that own the ground. */
export async function openCoreServices(
  { store, clock, log, lifecycle }: Surroundings,
  { settings, planner, explanations, auditRetentionDays }: CoreOptions,
): Promise<CoreServices> {
  await store.migrate(serviceMigrations)
  const control = lifecycle.add(
    await openControl({
      store,
      clock,
      log,
      compiler: createDocumentCompiler(settings, planner),
      explanations,
      auditRetentionDays,
    }),
  )
  const ca = lifecycle.add(
    await openCertificateAuthority({ store, audit: control.audit, clock, log }),
  )
  await ca.ensureAuthorities()
  return { control, ca }
}

/** Opens tokens and destinations for a control listener on `port`. */
export async function openPublishedServices(
  { store, clock, log, metrics }: Surroundings,
  { control }: CoreServices,
  port: number,
): Promise<PublishedServices> {
  const origin = `https://localhost:${port}`
  const tokens = await openTokenService({
    store,
    audit: control.audit,
    clock,
    log,
    subaccounts: control.subaccounts,
    urls: {
      token: origin,
      issuer: `https://authentication.localhost:${port}`,
      uaadomain: `localhost:${port}`,
      destinations: origin,
    },
  })
  const destinations = await openDestinationService({
    store,
    audit: control.audit,
    clock,
    log,
    metrics,
  })
  return { tokens, destinations }
}
