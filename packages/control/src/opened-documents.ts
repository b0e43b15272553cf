import type { DocumentRow } from './document-store.ts'

/** A stored document as its row names it in the clear, and the mark of its sealed body. */
export interface DocumentHead {
  readonly id: string
  readonly subaccount_id: string
  readonly api_group: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly created_at: string
  /** The beginning of the sealed body, which no other one has. */
  readonly mark: string
}

interface Kept {
  readonly head: DocumentHead
  readonly row: DocumentRow
  readonly characters: number
}

/**
 * Documents that were opened, by their row. One that did not change comes back as the very same
 * object, by which those who compile it know what they need not do again. Nothing is answered for a
 * row that differs in anything it says of itself.
 *
 * Bodies of Secrets are among them, no longer than their rows exist: the gateway that serves them
 * holds the same keys all that time.
 */
export class OpenedDocuments {
  readonly #kept = new Map<string, Kept>()
  readonly #charactersMax: number
  #characters = 0

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  find(head: DocumentHead): DocumentRow | null {
    const kept = this.#kept.get(head.id)
    return kept !== undefined && isSame(kept.head, head) ? kept.row : null
  }

  /** Keeps `row` if there is room for a body of so many characters. */
  keep(head: DocumentHead, row: DocumentRow, characters: number): void {
    this.forget(head.id)
    if (this.#characters + characters > this.#charactersMax) return
    this.#kept.set(head.id, { head, row, characters })
    this.#characters += characters
  }

  /** Drops every row that is not among these, which are all there are. */
  keepOnly(heads: readonly DocumentHead[]): void {
    const ids = new Set(heads.map(({ id }) => id))
    for (const id of this.#kept.keys()) {
      if (!ids.has(id)) this.forget(id)
    }
  }

  forget(id: string): void {
    this.#characters -= this.#kept.get(id)?.characters ?? 0
    this.#kept.delete(id)
  }
}

function isSame(a: DocumentHead, b: DocumentHead): boolean {
  return (
    a.mark === b.mark &&
    a.id === b.id &&
    a.subaccount_id === b.subaccount_id &&
    a.api_group === b.api_group &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.created_at === b.created_at
  )
}
