import { newId, type SubaccountId } from '@twinlatch/kit'
import { type Database, type Sealer, sealedMarkCharacters } from '@twinlatch/store'
import { groupOf, identityOf, type StoredDocument } from './document.ts'
import { ControlError } from './errors.ts'
import { canonicalJson } from './json.ts'
import { controlLimits } from './limits.ts'
import { OpenedDocuments } from './opened-documents.ts'

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

interface Row {
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

/** What a row says in the clear. */
const named = [
  'id',
  'subaccount_id',
  'api_group',
  'kind',
  'namespace',
  'name',
  'created_at',
] as const
type Names = Pick<Row, (typeof named)[number]>

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
      const rows = await select(database)
        .select('sealed_body')
        .where('subaccount_id', '=', subaccountId)
        .execute()
      return rows.map(({ head, sealed_body }) => {
        return opened.find(head) ?? open(seal, namesIn(head), sealed_body)
      })
    },
    all: (database) => readAll(database, shelf),
    async insert(database, subaccountId, added) {
      const { names, sealed } = sealAt(shelf, newId('doc'), subaccountId, added)
      await database
        .withTables<Tables>()
        .insertInto('control_documents')
        .values({ ...names, updated_at: names.created_at, sealed_body: sealed })
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
  const openAnew = (head: string, sealed: string): DocumentRow => {
    const row = open(seal, namesIn(head), sealed)
    opened.keep(head, row, sealed.length)
    return row
  }
  const heads = (await select(database).execute()).map(({ head }) => head)
  const rows = heads.map((head) => opened.find(head))
  const unknown = heads.filter((_head, index) => rows[index] === undefined)
  const bodies = await bodiesOf(database, unknown)
  // A commit may come between the two questions: rows of before and after must never be mixed.
  if (!unknown.every((head) => bodies.get(namesIn(head).id)?.startsWith(markIn(head)))) {
    const whole = await select(database).select('sealed_body').execute()
    opened.keepOnly(whole.map(({ head }) => head))
    return whole.map(({ head, sealed_body }) => openAnew(head, sealed_body))
  }
  opened.keepOnly(heads)
  return heads.map((head, index) => {
    return rows[index] ?? openAnew(head, bodies.get(namesIn(head).id) ?? '')
  })
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
  const names: Names = {
    id,
    subaccount_id: subaccountId,
    api_group: groupOf(document),
    kind,
    namespace,
    name,
    created_at: createdAt,
  }
  const head = [...named.map((column) => names[column]), sealed.slice(0, sealedMarkCharacters)]
  // Should the transaction fail, no row will have this mark.
  opened.keep(head.join(separator), rowOf(names, document), sealed.length)
  return { names, sealed }
}

/** Stands in none of the names, and in no sealed text. */
const separator = '\n'

/**
 * Heads of rows: all names and the mark of the body as one text, since a row of eight columns takes
 * five times as long to read.
 */
function select(database: Database) {
  return database
    .withTables<Tables>()
    .selectFrom('control_documents')
    .select(({ fn, lit, ref, val }) => {
      const mark = fn('substr', [ref('sealed_body'), lit(1), lit(sealedMarkCharacters)])
      return fn<string>('concat_ws', [val(separator), ...named.map((name) => ref(name)), mark]).as(
        'head',
      )
    })
    .orderBy('created_at')
    .orderBy('namespace')
    .orderBy('name')
    .orderBy('id')
}

/** The names in a head; texts that are not there are empty, and fit no sealed body. */
function namesIn(head: string): Names {
  const parts = head.split(separator)
  const [id = '', subaccount_id = '', api_group = '', kind = '', namespace = '', name = ''] = parts
  return { id, subaccount_id, api_group, kind, namespace, name, created_at: parts[6] ?? '' }
}

function markIn(head: string): string {
  return head.slice(head.lastIndexOf(separator) + 1)
}

/** Sealed bodies by id, in questions of a size that every database takes. */
async function bodiesOf(
  database: Database,
  heads: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const bodies = new Map<string, string>()
  for (let start = 0; start < heads.length; start += controlLimits.bodiesRead) {
    const ids = heads.slice(start, start + controlLimits.bodiesRead).map((head) => namesIn(head).id)
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
function open(seal: Sealer, names: Names, sealed: string): DocumentRow {
  const subaccountId = names.subaccount_id as SubaccountId
  const text = seal.open(sealed, placeOf(names.id, subaccountId)).toString('utf8')
  // Opened under our own key, so it is what `storable` wrote.
  const row = rowOf(names, JSON.parse(text) as StoredDocument)
  const identity = JSON.stringify([names.api_group, names.kind, names.namespace, names.name])
  if (row.identity !== identity || row.document.createdAt !== names.created_at) {
    throw new ControlError(
      'control/damaged-document',
      `The stored document ${names.id} is not the ${names.kind} that its row names.`,
    )
  }
  return row
}

function rowOf({ id, subaccount_id }: Names, document: StoredDocument): DocumentRow {
  const subaccountId = subaccount_id as SubaccountId
  return { id, subaccountId, identity: identityOf(document), document }
}

function placeOf(id: string, subaccountId: SubaccountId) {
  return { table: 'control_documents', subaccountId, id, field: 'sealed_body' }
}
