import type { DocumentRow } from './document-store.ts'

interface Kept {
  readonly row: DocumentRow
  readonly characters: number
}

/**
 * Documents that were opened, by the head of their row: everything the row says in the clear, and
 * the mark of its sealed body. One that did not change comes back as the very same object, by which
 * those who compile it know what they need not do again; for a row that differs in anything nothing
 * is answered.
 *
 * Bodies of Secrets are among them, no longer than their rows exist: the gateway that serves them
 * holds the same keys all that time.
 */
export class OpenedDocuments {
  readonly #kept = new Map<string, Kept>()
  readonly #heads = new Map<string, string>()
  readonly #charactersMax: number
  #characters = 0

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  find(head: string): DocumentRow | undefined {
    return this.#kept.get(head)?.row
  }

  /** Keeps `row` if there is room for a body of so many characters. */
  keep(head: string, row: DocumentRow, characters: number): void {
    this.forget(row.id)
    if (this.#characters + characters > this.#charactersMax) return
    this.#kept.set(head, { row, characters })
    this.#heads.set(row.id, head)
    this.#characters += characters
  }

  /** Drops every row that is not among these, which are all there are. */
  keepOnly(heads: readonly string[]): void {
    const all = new Set(heads)
    for (const [head, { row }] of this.#kept) {
      if (!all.has(head)) this.forget(row.id)
    }
  }

  forget(id: string): void {
    const head = this.#heads.get(id)
    if (head === undefined) return
    this.#characters -= this.#kept.get(head)?.characters ?? 0
    this.#kept.delete(head)
    this.#heads.delete(id)
  }
}
