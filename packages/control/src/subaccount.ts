import {
  type Clock,
  devSubaccountId,
  newSubaccountId,
  parseSubaccountId,
  type SubaccountId,
} from '@twinlatch/kit'
import type { AuditSink, Store, SubaccountDirectory, SubaccountEntry } from '@twinlatch/store'
import { ControlError } from './errors.ts'
import { controlLimits } from './limits.ts'
import {
  countSubaccounts,
  findSubaccount,
  insertSubaccount,
  listSubaccounts,
} from './subaccount-store.ts'

/** A tenant: the outer boundary of everything that is kept. */
export interface Subaccount extends SubaccountEntry {
  readonly createdAt: string
}

/** On whose behalf a change is made: written to the audit log. */
export interface Actor {
  readonly subaccountId: SubaccountId
  /** `admin`, an OAuth client id, or `system`. */
  readonly actor: string
}

/** The tenants of this installation. */
export interface Subaccounts extends SubaccountDirectory {
  list(): Promise<Subaccount[]>
  /** A new tenant with a random GUID and the host `<name>.localhost`. */
  create(name: string, by: Actor): Promise<Subaccount>
  /** Creates `dev` with its constant GUID unless it is there. */
  ensureDev(): Promise<void>
}

/** Hosts below `localhost` that are the server's own (architecture.md, "x509 bindings"). */
const reservedNames = new Set(['authentication', 'localhost'])
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/

/** The subaccounts kept in `store`. */
export function createSubaccounts({
  store,
  audit,
  clock,
}: {
  store: Store
  audit: AuditSink
  clock: Clock
}): Subaccounts {
  const add = (id: SubaccountId, name: string, by: Actor) =>
    store.transaction(async (database) => {
      if (await findSubaccount(database, { name })) {
        throw new ControlError(
          'control/subaccount-exists',
          `There is a subaccount ${name} already.`,
        )
      }
      if ((await countSubaccounts(database)) >= controlLimits.subaccountsMax) {
        throw new ControlError(
          'control/too-many-subaccounts',
          `There are ${controlLimits.subaccountsMax} subaccounts, and there may be no more.`,
        )
      }
      const createdAt = clock.now().toISOString()
      const added = { id, name, host: `${name}.localhost`, createdAt }
      await insertSubaccount(database, added)
      await audit.record(database, {
        ...by,
        action: 'subaccount.created',
        target: name,
        detail: { id },
      })
      return added
    })
  return {
    byId: (id) => findSubaccount(store.database, { id }),
    byName: (name) => findSubaccount(store.database, { name }),
    list: () => listSubaccounts(store.database),
    create: async (name, by) => add(newSubaccountId(), parseSubaccountName(name), by),
    async ensureDev() {
      if (await findSubaccount(store.database, { id: devSubaccountId })) return
      try {
        await add(devSubaccountId, 'dev', { subaccountId: devSubaccountId, actor: 'system' })
      } catch (error) {
        // Another process on the same database started together with this one.
        if (!(await findSubaccount(store.database, { id: devSubaccountId }))) throw error
      }
    },
  }
}

/**
 * A name that can be a tenant's: a lower-case DNS label (RFC 1123 section 2.1), because hosts are
 * made of it, and not of the form of a GUID, because callers may say either.
 */
function parseSubaccountName(text: string): string {
  if (!dnsLabel.test(text) || parseSubaccountId(text) !== undefined) {
    throw new ControlError(
      'control/subaccount-name',
      'A subaccount name is a DNS label: lower-case letters, digits and hyphens, at most 63.',
      { items: [{ path: '$.name', message: `${JSON.stringify(text)} is not a DNS label` }] },
    )
  }
  if (reservedNames.has(text)) {
    throw new ControlError('control/subaccount-name', `${text}.localhost is the server's own host.`)
  }
  return text
}
