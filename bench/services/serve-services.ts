import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { migrations as caMigrations, createCaApp, openCertificateAuthority } from '@twinlatch/ca'
import { authenticateAdmin, migrations as controlMigrations, openControl } from '@twinlatch/control'
import {
  createDestinationsApp,
  migrations as destinationMigrations,
  openDestinationService,
} from '@twinlatch/destinations'
import { createLogger, createMetrics, devSubaccountId, Secret, systemClock } from '@twinlatch/kit'
import { openTestStore } from '@twinlatch/testing'
import {
  authenticateByToken,
  createTokensApp,
  openTokenService,
  migrations as tokenMigrations,
} from '@twinlatch/tokens'
import { Hono } from 'hono'
import { writeRequests } from '../machine/load.ts'

/** What the program is told: where it listens and where it leaves the requests to be made. */
export interface ServiceConfiguration {
  readonly port: number
  readonly directory: string
  readonly certificate: string
  readonly key: string
}

/** Orders of certificates are an administrator's; nobody else ever sees this server. */
const adminToken = 'bench-'.repeat(8)
/** As many clients as keep the token rate of each below its limit. */
const bindings = 400
/** The limits of the authority are widened: it is the work that is measured, not the brake. */
const caLimits = { quotaPerYear: 10_000_000, keyBurst: 10_000_000, keysPerSecond: 1_000_000 }

/** Program: tokens, destinations and the authority on a durable SQLite store, as the server wires them. */
async function main(path: string): Promise<void> {
  const configuration = JSON.parse(readFileSync(path, 'utf8')) as ServiceConfiguration
  const app = await openServices(configuration)
  serve({
    fetch: app.fetch,
    port: configuration.port,
    hostname: '127.0.0.1',
    createServer,
    serverOptions: {
      cert: readFileSync(configuration.certificate),
      key: readFileSync(configuration.key),
    },
  })
}

async function openServices({ port, directory }: ServiceConfiguration): Promise<Hono> {
  const ground = await openTestStore(
    [controlMigrations, caMigrations, tokenMigrations, destinationMigrations],
    { clock: systemClock },
  )
  process.once('SIGTERM', () => void ground.stop().then(() => process.exit(0)))
  const { store } = ground
  const log = createLogger({ level: 'warn' })
  const metrics = createMetrics({ version: 'bench', revision: 'bench' })
  const compiler = {
    parse: () => ({ documents: [], problems: [], warnings: [] }),
    check: () => ({ problems: [], warnings: [] }),
  }
  const control = await openControl({ store, clock: systemClock, log, compiler })
  const common = { store, audit: control.audit, clock: systemClock, log }
  const origin = `https://localhost:${port}`
  const urls = {
    token: origin,
    issuer: `https://authentication.localhost:${port}`,
    uaadomain: `localhost:${port}`,
    destinations: origin,
  }
  const tokens = await openTokenService({ ...common, urls, subaccounts: control.subaccounts })
  const destinations = await openDestinationService({ ...common, metrics })
  const ca = await openCertificateAuthority({ ...common, limits: caLimits })
  await ca.ensureAuthorities()
  const authenticate = authenticateByToken(tokens)
  const admin = authenticateAdmin(new Secret(adminToken), control.subaccounts)
  const app = new Hono()
    .route('/', createTokensApp({ service: tokens, authenticate, log, metrics }))
    .route('/', createDestinationsApp({ service: destinations, authenticate, log }))
    .route('/', createCaApp({ ca, authenticate: admin, log }))
  const forms: string[] = []
  for (let index = 0; index < bindings; index++) {
    const name = `bench-${index}`
    await tokens.createBinding(devSubaccountId, { name, credentialType: 'binding-secret' }, 'bench')
    const { credentials } = await tokens.showBinding(devSubaccountId, name, 'bench')
    const { clientid, clientsecret } = credentials
    forms.push(
      new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientid ?? '',
        client_secret: clientsecret ?? '',
      }).toString(),
    )
  }
  await leaveRequests(app, directory, port, forms)
  return app
}

async function leaveRequests(
  app: Hono,
  directory: string,
  port: number,
  forms: readonly string[],
): Promise<void> {
  const form = 'application/x-www-form-urlencoded'
  const answer = await app.request('/oauth/token', {
    method: 'POST',
    headers: { 'content-type': form },
    body: forms[0] ?? '',
  })
  const { access_token: token } = (await answer.json()) as { readonly access_token: string }
  const authorization = `Bearer ${token}`
  const created = await app.request('/destination-configuration/v1/subaccountDestinations', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({
      Name: 'orders',
      Type: 'HTTP',
      URL: 'https://orders.bench.localhost',
      ProxyType: 'Internet',
      Authentication: 'BasicAuthentication',
      User: 'bench',
      Password: 'not-a-secret',
    }),
  })
  if (!created.ok) throw new Error(`destination: ${created.status} ${await created.text()}`)
  const host = `localhost:${port}`
  const order = JSON.stringify({
    commonName: 'bench',
    profile: 'client',
    keyType: 'ec-p256',
    format: 'pem-secret',
  })
  const leave = (name: string, requests: readonly string[]) =>
    writeRequests(join(directory, `${name}.requests`), requests)
  leave('find', [
    message('GET', '/destination-configuration/v1/destinations/orders', { host, authorization }),
  ])
  leave(
    'token',
    forms.map((body) => message('POST', '/oauth/token', { host, 'content-type': form }, body)),
  )
  const headers = {
    host,
    authorization: `Bearer ${adminToken}`,
    'content-type': 'application/json',
  }
  leave('certificate', [message('POST', '/ca/certificates', headers, order)])
}

function message(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = '',
): string {
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`]
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return [`${method} ${path} HTTP/1.1`, ...lines, ...length, '', body].join('\r\n')
}

await main(process.argv[2] ?? '')
