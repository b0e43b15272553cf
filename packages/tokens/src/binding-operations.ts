import type { Clock, SubaccountId } from '@twinlatch/kit'
import type { AuditSink, Store, SubaccountDirectory } from '@twinlatch/store'
import {
  type Binding,
  createBindingClient,
  renderVcapService,
  type TokenUrls,
  type VcapService,
} from './binding.ts'
import type { BindingOrder } from './binding-order.ts'
import { findBinding, insertBinding, listBindings, removeBinding } from './binding-store.ts'
import { TokensError } from './errors.ts'
import { tokenLimits } from './limits.ts'

/** What the operations on bindings need. */
export interface BindingDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly urls: TokenUrls
  readonly subaccounts: SubaccountDirectory
}

/** Makes a binding with a client of its own; the answer is without its secret. */
export async function createBinding(
  { store, audit, clock }: BindingDeps,
  subaccountId: SubaccountId,
  order: BindingOrder,
  actor: string,
): Promise<Binding> {
  const client = createBindingClient(order, subaccountId, clock.now())
  await store.transaction(async (database) => {
    const existing = await listBindings(database, subaccountId)
    if (existing.some(({ name }) => name === order.name)) {
      throw new TokensError('tokens/binding-exists', `binding ${order.name} exists already`)
    }
    if (existing.length >= tokenLimits.bindingsPerSubaccountMax) {
      throw new TokensError(
        'tokens/too-many-bindings',
        `the subaccount has ${tokenLimits.bindingsPerSubaccountMax} bindings; delete some`,
      )
    }
    await insertBinding(database, store.seal, client)
    await audit.record(database, {
      subaccountId,
      actor,
      action: 'binding.created',
      target: order.name,
      detail: { clientId: client.clientId, instanceId: client.instanceId },
    })
  })
  const { clientSecret: _, ...binding } = client
  return binding
}

/** The credentials of a binding in the clear; its audit row is written with it, or neither happens. */
export async function showBinding(
  { store, audit, urls, subaccounts }: BindingDeps,
  subaccountId: SubaccountId,
  name: string,
  actor: string,
  verificationKey: string,
): Promise<VcapService> {
  const subaccount = await subaccounts.byId(subaccountId)
  if (!subaccount) {
    throw new TokensError('tokens/unknown-subaccount', 'the subaccount no longer exists')
  }
  const client = await store.transaction(async (database) => {
    const found = await findBinding(database, store.seal, subaccountId, name)
    if (!found) throw unknownBinding(name)
    await audit.record(database, {
      subaccountId,
      actor,
      action: 'binding.shown',
      target: name,
      detail: { clientId: found.clientId },
    })
    return found
  })
  return renderVcapService(client, { urls, subaccountName: subaccount.name, verificationKey })
}

/** Removes a binding. */
export async function deleteBinding(
  { store, audit }: BindingDeps,
  subaccountId: SubaccountId,
  name: string,
  actor: string,
): Promise<void> {
  await store.transaction(async (database) => {
    if (!(await removeBinding(database, subaccountId, name))) throw unknownBinding(name)
    await audit.record(database, {
      subaccountId,
      actor,
      action: 'binding.deleted',
      target: name,
      detail: {},
    })
  })
}

function unknownBinding(name: string): TokensError {
  return new TokensError('tokens/unknown-binding', `there is no binding ${name} in this subaccount`)
}
