import { type AbortNotice, AbortSource } from '@twinlatch/wire'

/**
 * The timeout of a route. It covers the whole exchange, the body of the response too
 * (gateway.md section 6.2).
 */
export class Deadline {
  readonly #source = new AbortSource()
  readonly #timer: NodeJS.Timeout
  readonly #clientGone: AbortNotice
  readonly #onClientGone = () => this.#source.abort()
  #passed = false
  #action: (() => void) | null = null

  constructor(timeoutMs: number, clientGone: AbortNotice) {
    this.#clientGone = clientGone
    this.#timer = setTimeout(() => this.#pass(), timeoutMs)
    clientGone.addEventListener('abort', this.#onClientGone)
  }

  /** Given at the end of the timeout, and when the client goes away before. */
  get notice(): AbortNotice {
    return this.#source
  }

  get passed(): boolean {
    return this.#passed
  }

  /** What ends the response once it has begun. */
  onPassed(action: () => void): void {
    this.#action = action
  }

  clear(): void {
    clearTimeout(this.#timer)
    this.#clientGone.removeEventListener('abort', this.#onClientGone)
  }

  #pass(): void {
    this.#passed = true
    this.#source.abort()
    this.#action?.()
  }
}
