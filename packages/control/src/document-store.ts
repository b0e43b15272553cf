import { newId, type SubaccountId } from '@twinlatch/kit'
import type { Database, Sealer } from '@twinlatch/store'
import { groupOf, identityOf, type StoredDocument } from './document.ts'
import { ControlError } from './errors.ts'
import { canonicalJson } from './json.ts'

/** A stored document with its row's id. */
export interface DocumentRow {
  readonly id: string
  readonly subaccountId: SubaccountId
  readonly document: StoredDocument
}

type Row = {
  id: string
  subaccount_id: string
  api_group: string
  kind: string
  namespace: string
  name: string
  created_at: string
  updated_at: string
  sealed_body: string
}
type Tables = { control_documents: Row }

const columns = [
  'id',
  'subaccount_id',
  'api_group',
  'kind',
  'namespace',
  'name',
  'created_at',
  'sealed_body',
] as const

/** Documents at rest: bodies of every kind are sealed, so that no kind can be forgotten. */
export interface DocumentStore {
  /** In order of age, then of name: the order in which Istio decides conflicts. */
  ofSubaccount(database: Database, subaccountId: SubaccountId): Promise<DocumentRow[]>
  /** Of all subaccounts: what the gateway is built from. */
  all(database: Database): Promise<DocumentRow[]>
  insert(database: Database, subaccountId: SubaccountId, added: StoredDocument): Promise<void>
  /** Replaces the body; the object keeps its id and its age. */
  replace(database: Database, row: DocumentRow, by: StoredDocument, now: Date): Promise<void>
  remove(database: Database, row: DocumentRow): Promise<void>
}

/** The documents sealed with `seal`. */
export function createDocumentStore(seal: Sealer): DocumentStore {
  const select = (database: Database) =>
    database
      .withTables<Tables>()
      .selectFrom('control_documents')
      .select(columns)
      .orderBy('created_at')
      .orderBy('namespace')
      .orderBy('name')
      .orderBy('id')
  return {
    async ofSubaccount(database, subaccountId) {
      const rows = await select(database).where('subaccount_id', '=', subaccountId).execute()
      return rows.map((row) => open(seal, row))
    },
    async all(database) {
      const rows = await select(database).execute()
      return rows.map((row) => open(seal, row))
    },
    async insert(database, subaccountId, added) {
      const id = newId('doc')
      await database
        .withTables<Tables>()
        .insertInto('control_documents')
        .values({
          id,
          subaccount_id: subaccountId,
          api_group: groupOf(added),
          kind: added.kind,
          namespace: added.namespace,
          name: added.name,
          created_at: added.createdAt,
          updated_at: added.createdAt,
          sealed_body: sealBody(seal, { id, subaccountId, document: added }),
        })
        .execute()
    },
    async replace(database, { id, subaccountId, document }, by, now) {
      const next = { id, subaccountId, document: { ...by, createdAt: document.createdAt } }
      await database
        .withTables<Tables>()
        .updateTable('control_documents')
        .set({ sealed_body: sealBody(seal, next), updated_at: now.toISOString() })
        .where('id', '=', id)
        .where('subaccount_id', '=', subaccountId)
        .execute()
    },
    async remove(database, { id, subaccountId }) {
      await database
        .withTables<Tables>()
        .deleteFrom('control_documents')
        .where('id', '=', id)
        .where('subaccount_id', '=', subaccountId)
        .execute()
    },
  }
}

function sealBody(seal: Sealer, { id, subaccountId, document }: DocumentRow): string {
  const { apiVersion, kind, namespace, name, body, createdAt } = document
  const kept: StoredDocument = { apiVersion, kind, namespace, name, body, createdAt }
  return seal.seal(canonicalJson(kept), placeOf(id, subaccountId))
}

/** The names in the clear are for look-ups only: what they say must be what was sealed. */
function open(seal: Sealer, row: Omit<Row, 'updated_at'>): DocumentRow {
  const subaccountId = row.subaccount_id as SubaccountId
  const text = seal.open(row.sealed_body, placeOf(row.id, subaccountId)).toString('utf8')
  // Opened under our own key, so it is what `sealBody` wrote.
  const document = JSON.parse(text) as StoredDocument
  const named = JSON.stringify([row.api_group, row.kind, row.namespace, row.name])
  if (identityOf(document) !== named || document.createdAt !== row.created_at) {
    throw new ControlError(
      'control/damaged-document',
      `The stored document ${row.id} is not the ${row.kind} that its row names.`,
    )
  }
  return { id: row.id, subaccountId, document }
}

function placeOf(id: string, subaccountId: SubaccountId) {
  return { table: 'control_documents', subaccountId, id, field: 'sealed_body' }
}
