import { setTimeout as delay } from 'node:timers/promises'
import type { Clock, Logger, ProblemItem, SubaccountId } from '@twinlatch/kit'
import type { AuditSink, Store } from '@twinlatch/store'
import type { z } from 'zod'
import type { changeReportBody } from './answers.ts'
import type { DocumentCompiler, DocumentSet, ManifestFile, StoredDocument } from './document.ts'
import { createDocumentStore } from './document-store.ts'
import { changeDocuments, setsOf } from './documents-change.ts'
import { parseFiles } from './documents-check.ts'
import type { JsonObject } from './json.ts'
import { controlLimits } from './limits.ts'
import { shownDocument } from './shown-document.ts'
import type { Actor } from './subaccount.ts'

/** A change of documents: all of them or, with a `ControlError`, none. */
export interface DocumentChange {
  readonly files: readonly ManifestFile[]
  /** Checks everything and changes nothing. */
  readonly dryRun?: boolean | undefined
}

/** What a change did, in the order of the files. */
export type ChangeReport = z.infer<typeof changeReportBody>

/** Which documents to show; what is left out matches all. */
export interface DocumentFilter {
  readonly kind?: string | undefined
  readonly namespace?: string | undefined
  readonly name?: string | undefined
}

/** The applied manifests of all subaccounts. */
export interface Documents {
  /** Creates or changes; resolves after every listener has taken the change over. */
  apply(change: DocumentChange, by: Actor): Promise<ChangeReport>
  delete(change: DocumentChange, by: Actor): Promise<ChangeReport>
  /** Bodies as they may be shown: without the values of Secrets. */
  list(subaccountId: SubaccountId, filter?: DocumentFilter): Promise<JsonObject[]>
  /** Everything as it is, secrets included: what a gateway is built from. */
  all(): Promise<DocumentSet[]>
  /**
   * Calls `listener` after each committed change, one call at a time, so that one that reads
   * `all()` never replaces newer by older. Returns the function that ends it. What other processes
   * change is known after `watch`.
   */
  onChange(listener: ChangeListener): () => void
  /**
   * From now on a change that another process commits is one of `onChange` too, and one that a
   * listener could not take over is told it again. Returns the function that ends it.
   */
  watch(): Promise<() => void>
}

/** Takes a committed change over. */
type ChangeListener = () => Promise<void> | void

/** The documents kept in `store`, understood by `compiler`. */
export function createDocuments({
  store,
  audit,
  compiler,
  clock,
  log,
}: {
  store: Store
  audit: AuditSink
  compiler: DocumentCompiler
  clock: Clock
  log: Logger
}): Documents {
  const documents = createDocumentStore(store.seal)
  const listeners = new Set<ChangeListener>()
  let lastCall = Promise.resolve(true)
  let taken = 0
  const notify = (version: number) => {
    lastCall = lastCall.then(async (before) => {
      // Whoever reads after a version was committed has seen those before it, too.
      if (version <= taken) return before
      const all = await callAll(listeners, log)
      if (all) taken = version
      return all
    })
    return lastCall
  }
  const insist = async (version: number, ended: AbortSignal) => {
    while (!ended.aborted && !(await notify(version))) {
      await delay(controlLimits.takeOverPauseMs, undefined, { ref: false })
    }
  }
  const change = async (verb: 'applied' | 'deleted', wanted: DocumentChange, by: Actor) => {
    const parsed = parseFiles(compiler, wanted.files)
    const order = { verb, documents: parsed.documents, by, dryRun: wanted.dryRun ?? false }
    const tools = { documents, compiler, audit, clock }
    const { version, ...outcome } = await store.transaction(async (handle) => {
      const done = await changeDocuments(tools, handle, order)
      const made = done.changed ? await store.changes.announce(handle, changeTopic) : null
      return { ...done, version: made }
    })
    const inForce = version === null || (await notify(version))
    const warnings = [...parsed.warnings, ...outcome.warnings, ...(inForce ? [] : [notTakenOver])]
    return { results: outcome.results, warnings }
  }
  return {
    apply: (wanted, by) => change('applied', wanted, by),
    delete: (wanted, by) => change('deleted', wanted, by),
    async list(subaccountId, filter = {}) {
      const rows = await documents.ofSubaccount(store.database, subaccountId)
      const matching = rows.filter(({ document }) => matches(document, filter))
      return matching.map(({ document }) => shownDocument(document.body))
    },
    all: async () => setsOf(await documents.all(store.database)),
    onChange(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async watch() {
      const end = new AbortController()
      const stopListening = await store.changes.listen(changeTopic, (version) => {
        void insist(version, end.signal)
      })
      return () => {
        stopListening()
        end.abort()
      }
    },
  }
}

/** What processes that share a database tell one another of; see `Store.changes`. */
const changeTopic = 'control.documents'

const notTakenOver: ProblemItem = {
  path: '$',
  message: 'stored, but the running server could not take it over and says why in its log',
}

/** The change is committed by now: a listener that fails cannot undo it, only say so. */
async function callAll(listeners: Iterable<ChangeListener>, log: Logger): Promise<boolean> {
  let taken = true
  for (const listener of [...listeners]) {
    try {
      await listener()
    } catch (error) {
      taken = false
      log.error(
        { event: 'documents.not-taken-over', err: error },
        'change of documents not in force',
      )
    }
  }
  return taken
}

function matches(document: StoredDocument, { kind, namespace, name }: DocumentFilter): boolean {
  return (
    (kind === undefined || kind.toLowerCase() === document.kind.toLowerCase()) &&
    (namespace === undefined || namespace === document.namespace) &&
    (name === undefined || name === document.name)
  )
}
