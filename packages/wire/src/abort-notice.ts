/**
 * Where to hear that nobody waits any more: the part of `AbortSignal` that moving bytes needs. Every
 * `AbortSignal` is one; ours cost nothing until somebody listens.
 */
export interface AbortNotice {
  readonly aborted: boolean
  /** The listener is called at most once, and never after it was removed. */
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** An `AbortNotice` and the hand that gives it. */
export class AbortSource implements AbortNotice {
  #aborted = false
  /** Nearly always there is one at a time. */
  #listener: (() => void) | null = null
  #others: Set<() => void> | null = null

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#aborted || listener === this.#listener) return
    if (this.#listener === null) this.#listener = listener
    else {
      this.#others ??= new Set()
      this.#others.add(listener)
    }
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    if (listener === this.#listener) this.#listener = null
    else this.#others?.delete(listener)
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    // One by one: a listener may remove another.
    for (let next = this.#takeListener(); next; next = this.#takeListener()) next()
  }

  #takeListener(): (() => void) | null {
    const listener = this.#listener ?? this.#others?.values().next().value ?? null
    if (listener) this.removeEventListener('abort', listener)
    return listener
  }
}

/** The notice as a signal, for what takes nothing else; it costs as much as one. */
export function abortSignalOf(notice: AbortNotice): AbortSignal {
  if (notice instanceof AbortSignal) return notice
  const controller = new AbortController()
  if (notice.aborted) controller.abort()
  else notice.addEventListener('abort', () => controller.abort())
  return controller.signal
}
