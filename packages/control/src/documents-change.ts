import type { Clock, ProblemItem, SubaccountId } from '@twinlatch/kit'
import type { AuditSink, Database } from '@twinlatch/store'
import {
  type DocumentCompiler,
  type DocumentResult,
  type DocumentSet,
  identityOf,
  type ParsedDocument,
  type StoredDocument,
} from './document.ts'
import { type DocumentRow, type DocumentStore, storable } from './document-store.ts'
import { checkChange, invalidDocuments } from './documents-check.ts'
import { canonicalJson } from './json.ts'
import { controlLimits } from './limits.ts'
import type { Actor } from './subaccount.ts'

/** What a change needs besides the transaction it runs in. */
export interface ChangeTools {
  readonly documents: DocumentStore
  readonly compiler: DocumentCompiler
  readonly audit: AuditSink
  readonly clock: Clock
}

/** A change that was understood, on whose behalf, and whether it is only a question. */
export interface ChangeOrder {
  readonly verb: 'applied' | 'deleted'
  readonly documents: readonly ParsedDocument[]
  readonly by: Actor
  readonly dryRun: boolean
}

/** What the change did, and whether anything is different now. */
export interface ChangeOutcome {
  readonly results: readonly DocumentResult[]
  readonly warnings: readonly ProblemItem[]
  readonly changed: boolean
}

interface Step {
  readonly result: DocumentResult
  readonly write: ((database: Database) => Promise<void>) | null
  /** How it will stand in the store; `null` when it will not. */
  readonly after: StoredDocument | null
}

/**
 * Makes the change in the open transaction `database`: reads what is committed, checks what would
 * stand afterwards, writes it with its audit row. Writers run one at a time, so nothing can come
 * between the check and the commit. Throws before the first write if the check finds a problem.
 */
export async function changeDocuments(
  tools: ChangeTools,
  database: Database,
  order: ChangeOrder,
): Promise<ChangeOutcome> {
  const rows = await tools.documents.all(database)
  const { subaccountId } = order.by
  const own = new Map(
    rows.filter((row) => row.subaccountId === subaccountId).map((row) => [row.identity, row]),
  )
  const now = tools.clock.now()
  const steps = order.documents.map((wanted) => {
    const row = own.get(identityOf(wanted))
    return order.verb === 'applied'
      ? applyStep(tools.documents, subaccountId, wanted, row, now)
      : deleteStep(tools.documents, wanted, row)
  })
  const after = setsAfter(rows, subaccountId, order.documents, steps)
  const before = () => setsAfter(rows, subaccountId, [], [])
  const found = checkChange(tools.compiler, { before, after }, subaccountId)
  const { warnings } = found
  const all = [...tooMany(after, subaccountId), ...found.problems]
  if (all.length > 0) throw invalidDocuments(all)
  const results = steps.map(({ result }) => result)
  const changed = steps.some(({ write }) => write !== null)
  if (order.dryRun) return { results, warnings, changed: false }
  for (const { write } of steps) await write?.(database)
  await recordChange(tools.audit, database, order, results)
  return { results, warnings, changed }
}

/** Rows of all subaccounts, as the sets that a compiler takes. */
export function setsOf(rows: readonly DocumentRow[]): DocumentSet[] {
  const sets = Map.groupBy(rows, ({ subaccountId }) => subaccountId)
  return [...sets].map(([subaccountId, members]) => ({
    subaccountId,
    documents: members.map(({ document }) => document),
  }))
}

function applyStep(
  documents: DocumentStore,
  subaccountId: SubaccountId,
  wanted: ParsedDocument,
  row: DocumentRow | undefined,
  now: Date,
): Step {
  const { file, index } = wanted
  if (row && sameContent(row.document, wanted)) {
    const after = { ...row.document, file, index }
    return { result: resultOf(wanted, 'unchanged'), write: null, after }
  }
  const next = storable({
    ...wanted,
    createdAt: row?.document.createdAt ?? now.toISOString(),
  })
  const after = { ...next.document, file, index }
  if (!row) {
    const write = (database: Database) => documents.insert(database, subaccountId, next)
    return { result: resultOf(wanted, 'created'), write, after }
  }
  const write = (database: Database) => documents.replace(database, row, next, now)
  return { result: resultOf(wanted, 'configured'), write, after }
}

function deleteStep(
  documents: DocumentStore,
  wanted: ParsedDocument,
  row: DocumentRow | undefined,
): Step {
  if (!row) return { result: resultOf(wanted, 'absent'), write: null, after: null }
  const write = (database: Database) => documents.remove(database, row)
  return { result: resultOf(wanted, 'deleted'), write, after: null }
}

function resultOf(
  { kind, namespace, name }: ParsedDocument,
  action: DocumentResult['action'],
): DocumentResult {
  return { kind, namespace, name, action }
}

function sameContent(stored: StoredDocument, wanted: ParsedDocument): boolean {
  return (
    stored.apiVersion === wanted.apiVersion &&
    canonicalJson(stored.body) === canonicalJson(wanted.body)
  )
}

/** Everything as it would be stored: untouched documents, then those of this call. */
function setsAfter(
  rows: readonly DocumentRow[],
  own: SubaccountId,
  wanted: readonly ParsedDocument[],
  steps: readonly Step[],
): DocumentSet[] {
  const touched = new Set(wanted.map(identityOf))
  const untouched = rows.filter(
    ({ subaccountId, identity }) => subaccountId !== own || !touched.has(identity),
  )
  const sets = setsOf(untouched)
  const others = sets.filter(({ subaccountId }) => subaccountId !== own)
  const kept = sets.find(({ subaccountId }) => subaccountId === own)?.documents ?? []
  const labelled = kept.map((document) => ({ ...document, file: `stored ${document.kind}` }))
  const added = steps.flatMap(({ after }) => (after ? [after] : []))
  return [...others, { subaccountId: own, documents: [...labelled, ...added] }]
}

function tooMany(sets: readonly DocumentSet[], own: SubaccountId): ProblemItem[] {
  const count = sets.find(({ subaccountId }) => subaccountId === own)?.documents.length ?? 0
  if (count <= controlLimits.documentsMax) return []
  const message = `a subaccount may have ${controlLimits.documentsMax} documents at most`
  return [{ path: '$', message }]
}

async function recordChange(
  audit: AuditSink,
  database: Database,
  { verb, by }: ChangeOrder,
  results: readonly DocumentResult[],
): Promise<void> {
  const changed = results.filter(({ action }) => action !== 'unchanged' && action !== 'absent')
  const lines = changed.map(
    ({ kind, namespace, name, action }) => `${kind} ${namespace}/${name} ${action}`,
  )
  await audit.record(database, {
    ...by,
    action: `documents.${verb}`,
    target: `${results.length} documents`,
    detail: {
      changed: changed.length,
      documents: lines.join(', ').slice(0, controlLimits.auditDetailCharacters),
    },
  })
}
