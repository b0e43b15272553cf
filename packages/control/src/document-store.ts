import { newId, type SubaccountId } from '@twinlatch/kit'
import { type Database, type Sealer, sealedMarkCharacters } from '@twinlatch/store'
import { groupOf, identityOf, type StoredDocument } from './document.ts'
import { ControlError } from './errors.ts'
import { canonicalJson } from './json.ts'
import { controlLimits } from './limits.ts'
import { type DocumentHead, OpenedDocuments } from './opened-documents.ts'

/** A stored document with its row's id. */
export interface DocumentRow {
  readonly id: string
  readonly subaccountId: SubaccountId
  /** What `identityOf` says of the document. */
  readonly identity: string
  readonly document: StoredDocument
}

/** A document as it will come back from the store, and the text that will be sealed. */
export interface StorableDocument {
  readonly document: StoredDocument
  readonly text: string
}

type Row = Omit<DocumentHead, 'mark'> & { updated_at: string; sealed_body: string }
type Tables = { control_documents: Row }

const named = [
  'id',
  'subaccount_id',
  'api_group',
  'kind',
  'namespace',
  'name',
  'created_at',
] as const

/** Documents at rest: bodies of every kind are sealed, so that no kind can be forgotten. */
export interface DocumentStore {
  /** In order of age, then of name: the order in which Istio decides conflicts. */
  ofSubaccount(database: Database, subaccountId: SubaccountId): Promise<DocumentRow[]>
  /**
   * Of all subaccounts: what the gateway is built from. A row that did not change since the last
   * call is the same object.
   */
  all(database: Database): Promise<DocumentRow[]>
  insert(database: Database, subaccountId: SubaccountId, added: StorableDocument): Promise<void>
  /** Replaces the body; the object keeps its id and its age. */
  replace(database: Database, row: DocumentRow, by: StorableDocument, now: Date): Promise<void>
  remove(database: Database, row: DocumentRow): Promise<void>
}

/** What `document` is when it comes back: checked in this form, it is what will be served. */
export function storable(document: StoredDocument): StorableDocument {
  const { apiVersion, kind, namespace, name, body, createdAt } = document
  const kept: StoredDocument = { apiVersion, kind, namespace, name, body, createdAt }
  const text = canonicalJson(kept)
  return { document: JSON.parse(text) as StoredDocument, text }
}

/** The documents sealed with `seal`; up to `openedCharactersMax` of them are kept opened. */
export function createDocumentStore(
  seal: Sealer,
  openedCharactersMax: number = controlLimits.openedCharactersMax,
): DocumentStore {
  const opened = new OpenedDocuments(openedCharactersMax)
  const shelf: Shelf = { seal, opened }
  return {
    async ofSubaccount(database, subaccountId) {
      const rows = await selectWhole(database).where('subaccount_id', '=', subaccountId).execute()
      return rows.map(({ sealed_body, ...head }) => {
        return opened.find(head) ?? open(seal, head, sealed_body)
      })
    },
    all: (database) => readAll(database, shelf),
    async insert(database, subaccountId, added) {
      const { head, sealed } = sealAt(shelf, newId('doc'), subaccountId, added)
      const { mark: _mark, ...row } = head
      await database
        .withTables<Tables>()
        .insertInto('control_documents')
        .values({ ...row, updated_at: head.created_at, sealed_body: sealed })
        .execute()
    },
    async replace(database, { id, subaccountId }, by, now) {
      const { sealed } = sealAt(shelf, id, subaccountId, by)
      await database
        .withTables<Tables>()
        .updateTable('control_documents')
        .set({ sealed_body: sealed, updated_at: now.toISOString() })
        .where('id', '=', id)
        .where('subaccount_id', '=', subaccountId)
        .execute()
    },
    async remove(database, { id, subaccountId }) {
      opened.forget(id)
      await database
        .withTables<Tables>()
        .deleteFrom('control_documents')
        .where('id', '=', id)
        .where('subaccount_id', '=', subaccountId)
        .execute()
    },
  }
}

/** What opens documents, and what was opened. */
interface Shelf {
  readonly seal: Sealer
  readonly opened: OpenedDocuments
}

async function readAll(database: Database, { seal, opened }: Shelf): Promise<DocumentRow[]> {
  const openAnew = (head: DocumentHead, sealed: string): DocumentRow => {
    const row = open(seal, head, sealed)
    opened.keep(head, row, sealed.length)
    return row
  }
  const heads = await selectHeads(database).execute()
  const unknown = heads.filter((head) => opened.find(head) === null)
  const bodies = await bodiesOf(database, unknown)
  // A commit may come between the two questions: rows of before and after must never be mixed.
  if (!unknown.every(({ id, mark }) => bodies.get(id)?.startsWith(mark))) {
    const rows = await selectWhole(database).execute()
    opened.keepOnly(rows)
    return rows.map(({ sealed_body, ...head }) => openAnew(head, sealed_body))
  }
  const rows = heads.map((head) => opened.find(head) ?? openAnew(head, bodies.get(head.id) ?? ''))
  opened.keepOnly(heads)
  return rows
}

/** The row that is about to be written, kept opened as it would be when it is read again. */
function sealAt(
  { seal, opened }: Shelf,
  id: string,
  subaccountId: SubaccountId,
  { document, text }: StorableDocument,
) {
  const sealed = seal.seal(text, placeOf(id, subaccountId))
  const { kind, namespace, name, createdAt } = document
  const head: DocumentHead = {
    id,
    subaccount_id: subaccountId,
    api_group: groupOf(document),
    kind,
    namespace,
    name,
    created_at: createdAt,
    mark: sealed.slice(0, sealedMarkCharacters),
  }
  // Should the transaction fail, no row will have this mark.
  opened.keep(head, rowOf(head, document), sealed.length)
  return { head, sealed }
}

function selectHeads(database: Database) {
  return database
    .withTables<Tables>()
    .selectFrom('control_documents')
    .select(named)
    .select(({ fn, lit }) =>
      fn<string>('substr', ['sealed_body', lit(1), lit(sealedMarkCharacters)]).as('mark'),
    )
    .orderBy('created_at')
    .orderBy('namespace')
    .orderBy('name')
    .orderBy('id')
}

function selectWhole(database: Database) {
  return selectHeads(database).select('sealed_body')
}

/** Sealed bodies by id, in questions of a size that every database takes. */
async function bodiesOf(
  database: Database,
  heads: readonly DocumentHead[],
): Promise<ReadonlyMap<string, string>> {
  const bodies = new Map<string, string>()
  for (let start = 0; start < heads.length; start += controlLimits.bodiesRead) {
    const ids = heads.slice(start, start + controlLimits.bodiesRead).map(({ id }) => id)
    const rows = await database
      .withTables<Tables>()
      .selectFrom('control_documents')
      .select(['id', 'sealed_body'])
      .where('id', 'in', ids)
      .execute()
    for (const { id, sealed_body } of rows) bodies.set(id, sealed_body)
  }
  return bodies
}

/** The names in the clear are for look-ups only: what they say must be what was sealed. */
function open(seal: Sealer, head: DocumentHead, sealed: string): DocumentRow {
  const subaccountId = head.subaccount_id as SubaccountId
  const text = seal.open(sealed, placeOf(head.id, subaccountId)).toString('utf8')
  // Opened under our own key, so it is what `storable` wrote.
  const row = rowOf(head, JSON.parse(text) as StoredDocument)
  const names = JSON.stringify([head.api_group, head.kind, head.namespace, head.name])
  if (row.identity !== names || row.document.createdAt !== head.created_at) {
    throw new ControlError(
      'control/damaged-document',
      `The stored document ${head.id} is not the ${head.kind} that its row names.`,
    )
  }
  return row
}

function rowOf({ id, subaccount_id }: DocumentHead, document: StoredDocument): DocumentRow {
  const subaccountId = subaccount_id as SubaccountId
  return { id, subaccountId, identity: identityOf(document), document }
}

function placeOf(id: string, subaccountId: SubaccountId) {
  return { table: 'control_documents', subaccountId, id, field: 'sealed_body' }
}
