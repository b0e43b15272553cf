import { randomBytes } from 'node:crypto'
import {
  type Clock,
  createLogger,
  createMetrics,
  devSubaccountId,
  type Metrics,
  parseSubaccountId,
  Secret,
  type SubaccountId,
} from '@twinlatch/kit'
import { type AuditEntry, openStore, type Store, type SubaccountEntry } from '@twinlatch/store'
import { createTestDatabase, type TestDatabase } from '@twinlatch/testing'
import type { Authenticate } from '@twinlatch/trust'
import type { Hono } from 'hono'
import { createTokensApp } from '../src/http.ts'
import { migrations } from '../src/migrations/index.ts'
import { openTokenService, type TokenService } from '../src/service.ts'

/** The second tenant of the tests. */
export const acmeId = parseSubaccountId('11111111-2222-3333-4444-555555555555') as SubaccountId

const subaccounts: readonly SubaccountEntry[] = [
  { id: devSubaccountId, name: 'dev', host: 'dev.localhost' },
  { id: acmeId, name: 'acme', host: 'acme.localhost' },
]

/** The token service on a real database of its own. */
export interface TokenStack extends AsyncDisposable {
  readonly store: Store
  readonly service: TokenService
  readonly app: Hono
  readonly metrics: Metrics
  readonly audited: AuditEntry[]
  /** Subaccounts that exist; a test may remove one. */
  readonly known: Set<SubaccountId>
  /** Everything that was logged. */
  logged(): string
  /** Every byte of the database's files. */
  stored(): Promise<Buffer>
  /** Opens the same database again, as a restart does. */
  restart(): Promise<TokenStack>
  call(path: string, init?: RequestInit, address?: string): Promise<Response>
  token(
    form: Record<string, string>,
    headers?: Record<string, string>,
    address?: string,
  ): Promise<Response>
  admin(path: string, init?: RequestInit, subaccountId?: SubaccountId): Promise<Response>
  /** A binding with its credentials. */
  bind(name: string, subaccountId?: SubaccountId): Promise<Readonly<Record<string, string>>>
}

const authenticate: Authenticate = async (headers) => {
  const [scheme, kind, id = ''] = (headers.get('authorization') ?? '').split(' ')
  const subaccountId = parseSubaccountId(id)
  if (scheme !== 'Test' || !subaccountId) return { reason: 'missing', description: 'who are you?' }
  return {
    kind: kind === 'admin' ? 'admin' : 'client',
    name: kind === 'admin' ? 'admin' : 'sb-someone',
    subaccountId,
    subaccountName: 'dev',
    instanceId: null,
  }
}

/** Opens a stack; `testDatabase` and `masterKey` are those of an earlier one when it restarts. */
export async function openTokenStack(
  clock: Clock,
  earlier?: { testDatabase: TestDatabase; masterKey: Secret<Uint8Array> },
): Promise<TokenStack> {
  const testDatabase = earlier?.testDatabase ?? (await createTestDatabase())
  const masterKey = earlier?.masterKey ?? new Secret(randomBytes(32))
  const lines: string[] = []
  const log = createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } })
  const store: Store = await openStore({
    url: testDatabase.url,
    masterKey,
    clock,
    log,
  })
  await store.migrate([migrations])
  const audited: AuditEntry[] = []
  const known = new Set(subaccounts.map(({ id }) => id))
  const find = async (test: (entry: SubaccountEntry) => boolean) =>
    subaccounts.find((entry) => known.has(entry.id) && test(entry)) ?? null
  const service = await openTokenService({
    store,
    audit: {
      record: async (database, entry) => {
        if (!database.isTransaction) throw new Error('audit rows belong into a transaction')
        audited.push(entry)
      },
    },
    clock,
    log,
    urls: {
      token: 'https://localhost:8443',
      issuer: 'https://authentication.localhost:8443',
      uaadomain: 'localhost:8443',
      destinations: 'https://localhost:8443',
    },
    subaccounts: {
      byId: (id) => find((entry) => entry.id === id),
      byName: (name) => find((entry) => entry.name === name),
    },
  })
  const metrics = createMetrics({ version: 'test', revision: 'test' })
  const app = createTokensApp({ service, authenticate, log, metrics })
  const call: TokenStack['call'] = async (path, init = {}, address = '127.0.0.1') =>
    app.request(path, init, { incoming: { socket: { remoteAddress: address } } })
  const admin: TokenStack['admin'] = (path, init = {}, subaccountId = devSubaccountId) =>
    call(path, {
      ...init,
      headers: { ...init.headers, authorization: `Test admin ${subaccountId}` },
    })
  return {
    store,
    service,
    app,
    metrics,
    audited,
    known,
    call,
    admin,
    logged: () => lines.join(''),
    stored: () => testDatabase.files(),
    async restart() {
      await store.stop()
      return openTokenStack(clock, { testDatabase, masterKey })
    },
    token: (form, headers = {}, address = '127.0.0.1') =>
      call('/oauth/token', { method: 'POST', headers, body: new URLSearchParams(form) }, address),
    async bind(name, subaccountId = devSubaccountId) {
      await service.createBinding(subaccountId, { name, credentialType: 'binding-secret' }, 'admin')
      return (await service.showBinding(subaccountId, name, 'admin')).credentials
    },
    async [Symbol.asyncDispose]() {
      await store.stop()
      await testDatabase.remove()
    },
  }
}
