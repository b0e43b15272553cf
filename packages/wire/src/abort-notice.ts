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
  #listeners: Set<() => void> | null = null

  get aborted(): boolean {
    return this.#aborted
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.#aborted) return
    this.#listeners ??= new Set()
    this.#listeners.add(listener)
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners?.delete(listener)
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    const listeners = [...(this.#listeners ?? [])]
    this.#listeners = null
    for (const listener of listeners) listener()
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
