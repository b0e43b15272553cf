import { newId, Secret, type SubaccountId } from '@twinlatch/kit'
import type { SealContext, Sealer } from '@twinlatch/store'
import type { Kysely } from 'kysely'
import type { Binding, BindingClient } from './binding.ts'

/** The table of bindings; client secrets are sealed before they reach a row. */
export type BindingDatabase = Kysely<{
  tokens_bindings: {
    id: string
    subaccount_id: string
    name: string
    instance_id: string
    client_id: string
    credential_type: string
    sealed_client_secret: string
    created_at: string
  }
}>

type Row =
  BindingDatabase extends Kysely<infer Tables extends { tokens_bindings: unknown }>
    ? Tables['tokens_bindings']
    : never

const table = 'tokens_bindings'
const publicColumns = [
  'name',
  'subaccount_id',
  'instance_id',
  'client_id',
  'credential_type',
  'created_at',
] as const
const columns = [...publicColumns, 'id', 'sealed_client_secret'] as const

/** Keeps a new binding. */
export async function insertBinding(
  database: BindingDatabase,
  seal: Sealer,
  client: BindingClient,
): Promise<void> {
  const id = newId('bnd')
  const context = sealContext(client.subaccountId, id)
  await database
    .insertInto(table)
    .values({
      id,
      subaccount_id: client.subaccountId,
      name: client.name,
      instance_id: client.instanceId,
      client_id: client.clientId,
      credential_type: client.credentialType,
      sealed_client_secret: seal.seal(client.clientSecret.reveal(), context),
      created_at: client.createdAt.toISOString(),
    })
    .execute()
}

/** All bindings of a subaccount by name, without their secrets. */
export async function listBindings(
  database: BindingDatabase,
  subaccountId: SubaccountId,
): Promise<Binding[]> {
  const rows = await database
    .selectFrom(table)
    .select(publicColumns)
    .where('subaccount_id', '=', subaccountId)
    .orderBy('name')
    .execute()
  return rows.map(bindingOf)
}

/** The binding `name` of a subaccount, or `null`. */
export async function findBinding(
  database: BindingDatabase,
  seal: Sealer,
  subaccountId: SubaccountId,
  name: string,
): Promise<BindingClient | null> {
  const row = await database
    .selectFrom(table)
    .select(columns)
    .where('subaccount_id', '=', subaccountId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row ? clientOf(row, seal) : null
}

/**
 * The binding of an OAuth client, or `null`. The one query without a subaccount: the client id is
 * what tells the subaccount, so it is unique over all of them.
 */
export async function findBindingByClientId(
  database: BindingDatabase,
  seal: Sealer,
  clientId: string,
): Promise<BindingClient | null> {
  const row = await database
    .selectFrom(table)
    .select(columns)
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return row ? clientOf(row, seal) : null
}

/** Removes a binding; false if there is none of that name. */
export async function removeBinding(
  database: BindingDatabase,
  subaccountId: SubaccountId,
  name: string,
): Promise<boolean> {
  const result = await database
    .deleteFrom(table)
    .where('subaccount_id', '=', subaccountId)
    .where('name', '=', name)
    .executeTakeFirst()
  return result.numDeletedRows > 0n
}

function sealContext(subaccountId: string, id: string): SealContext {
  return { table, subaccountId, id, field: 'client_secret' }
}

function clientOf(row: Row, seal: Sealer): BindingClient {
  const secret = seal.open(row.sealed_client_secret, sealContext(row.subaccount_id, row.id))
  return { ...bindingOf(row), clientSecret: new Secret(secret.toString('utf8')) }
}

function bindingOf(row: Pick<Row, (typeof publicColumns)[number]>): Binding {
  return {
    name: row.name,
    subaccountId: row.subaccount_id as SubaccountId,
    instanceId: row.instance_id,
    clientId: row.client_id,
    credentialType: 'binding-secret',
    createdAt: new Date(row.created_at),
  }
}
