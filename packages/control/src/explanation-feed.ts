import { type Clock, devSubaccountId, type SubaccountId } from '@twinlatch/kit'
import type { Explanation, ExplanationSink, Stage } from '@twinlatch/trust'
import { controlLimits } from './limits.ts'
import { Ring } from './ring.ts'

/** Which records to list; all that is given must hold. */
export interface ExplanationFilter {
  readonly outcome?: 'allowed' | 'denied' | undefined
  readonly stage?: Stage | undefined
  readonly listener?: Explanation['listener'] | undefined
  /** Only connections that were refused before HTTP. */
  readonly beforeHttp?: boolean | undefined
  /** Only records after this moment. */
  readonly since?: Date | undefined
  /** Only records of this last span. */
  readonly withinMs?: number | undefined
  readonly limit?: number | undefined
}

/** One record and those of the same chain of calls, newest first. */
export interface FoundExplanation {
  readonly record: Explanation
  readonly related: readonly Explanation[]
}

/**
 * The latest explanation records, in memory: 10 000 of each outcome, so that a flood of allowed
 * requests never evicts a refusal. A reader sees the records of its own subaccount; those that
 * belong to none (an unknown host, a connection that was not TLS) are seen from `dev`.
 */
export interface ExplanationFeed extends ExplanationSink {
  find(subaccountId: SubaccountId, id: string): FoundExplanation | null
  /** The newest record with this outcome, or of any. */
  last(subaccountId: SubaccountId, outcome?: 'allowed' | 'denied'): Explanation | null
  /** Newest first. */
  list(subaccountId: SubaccountId, filter?: ExplanationFilter): Explanation[]
}

type SinkEntry = Parameters<ExplanationSink['record']>[0]

/** Renders at most once, on first use; what the request needed for it is let go then. */
class Kept {
  readonly sequence: number
  readonly id: string
  readonly timeMs: number
  readonly subaccountId: SubaccountId | null
  #entry: SinkEntry | null
  #rendered: Explanation | null = null

  constructor(entry: SinkEntry, sequence: number) {
    this.sequence = sequence
    this.id = entry.id
    this.timeMs = entry.time.getTime()
    this.subaccountId = entry.subaccountId
    this.#entry = entry
  }

  explanation(): Explanation {
    if (this.#entry) {
      this.#rendered = this.#entry.render()
      this.#entry = null
    }
    if (!this.#rendered) throw new TypeError(`the record ${this.id} could not be rendered`)
    return this.#rendered
  }
}

/** An empty feed; `capacity` is per outcome. */
export function createExplanationFeed({
  clock,
  capacity = controlLimits.explanationsMax,
}: {
  clock: Clock
  capacity?: number
}): ExplanationFeed {
  const rings = { allowed: new Ring<Kept>(capacity), denied: new Ring<Kept>(capacity) }
  let sequence = 0
  const list = (reader: SubaccountId, filter: ExplanationFilter = {}) => {
    const limit = Math.min(filter.limit ?? 50, controlLimits.explanationsListedMax)
    const after = earliest(filter, clock.now())
    const found: Explanation[] = []
    for (const kept of newestFirst(rings, filter.outcome)) {
      if (found.length >= limit) break
      if (!isVisible(kept, reader)) continue
      if (kept.timeMs <= after) continue
      const explanation = kept.explanation()
      if (matches(explanation, filter)) found.push(explanation)
    }
    return found
  }
  return {
    record(entry) {
      sequence += 1
      rings[entry.outcome].push(new Kept(entry, sequence))
    },
    find(reader, id) {
      const kept = newestWithId(rings, id)
      if (!kept || !isVisible(kept, reader)) return null
      return { record: kept.explanation(), related: relatedTo(kept, rings, reader) }
    },
    last: (reader, outcome) => list(reader, { outcome, limit: 1 })[0] ?? null,
    list,
  }
}

// Looked for among all of them, which takes a person no time: an index by id would cost every request.
function newestWithId(rings: Record<'allowed' | 'denied', Ring<Kept>>, id: string): Kept | null {
  for (const kept of newestFirst(rings, undefined)) {
    if (kept.id === id) return kept
  }
  return null
}

function earliest({ since, withinMs }: ExplanationFilter, now: Date): number {
  const sinceMs = since?.getTime() ?? Number.NEGATIVE_INFINITY
  return withinMs === undefined ? sinceMs : Math.max(sinceMs, now.getTime() - withinMs)
}

function isVisible(kept: Kept, reader: SubaccountId): boolean {
  return kept.subaccountId === reader || (kept.subaccountId === null && reader === devSubaccountId)
}

function* newestFirst(
  rings: Record<'allowed' | 'denied', Ring<Kept>>,
  outcome: 'allowed' | 'denied' | undefined,
): Generator<Kept> {
  if (outcome) {
    yield* rings[outcome].newestFirst()
    return
  }
  const allowed = rings.allowed.newestFirst()
  const denied = rings.denied.newestFirst()
  let a = allowed.next()
  let d = denied.next()
  while (!a.done || !d.done) {
    if (d.done || (!a.done && a.value.sequence > d.value.sequence)) {
      if (!a.done) yield a.value
      a = allowed.next()
    } else {
      yield d.value
      d = denied.next()
    }
  }
}

function matches(record: Explanation, { stage, listener, beforeHttp }: ExplanationFilter): boolean {
  return (
    (stage === undefined || record.stage === stage) &&
    (listener === undefined || record.listener === listener) &&
    (!beforeHttp || (record.outcome === 'denied' && record.request === null && !record.status))
  )
}

/**
 * The records of the chain of calls that `kept` is part of: each hop has an id of its own and
 * names the one before it (architecture.md, "Request ids"). Only records of the reader's own
 * subaccount join: the id of the hop before is the caller's word.
 */
function relatedTo(
  kept: Kept,
  rings: Record<'allowed' | 'denied', Ring<Kept>>,
  reader: SubaccountId,
): Explanation[] {
  const near: Explanation[] = []
  let scanned = 0
  for (const other of newestFirst(rings, undefined)) {
    if (Math.abs(other.timeMs - kept.timeMs) > controlLimits.relatedWindowMs) continue
    if (other === kept || other.subaccountId !== reader) continue
    scanned += 1
    if (scanned > controlLimits.relatedScannedMax) break
    near.push(other.explanation())
  }
  const chain = new Set<Explanation>([kept.explanation()])
  for (const member of chain) {
    if (chain.size > controlLimits.relatedMax) break
    for (const other of near) {
      if (other.parentId === member.id || member.parentId === other.id) chain.add(other)
    }
  }
  chain.delete(kept.explanation())
  return near.filter((other) => chain.has(other)).slice(0, controlLimits.relatedMax)
}
