import type { SecureContext } from 'node:tls'
import type { AbortNotice } from '../abort-notice.ts'
import { WireError } from '../errors.ts'
import type { WireLimits } from '../limits.ts'
import type { UpstreamRequest, UpstreamTarget } from '../upstream.ts'
import { connectUpstream, createUpstreamContext } from './upstream-connect.ts'
import { UpstreamConnection } from './upstream-connection.ts'
import { placeOf } from './upstream-fault.ts'

interface Waiting {
  wake(): void
}

/**
 * Connections to one target with one identity: kept ready, limited in number, waited for in line.
 * Rejections are `WireError`s.
 */
export class TargetPool {
  readonly #target: UpstreamTarget
  readonly #limits: WireLimits
  readonly #onEmpty: () => void
  readonly #shared: Buffer
  readonly #open = new Set<UpstreamConnection>()
  /** The last one used is the first one taken: the others grow old and close. */
  readonly #idle: UpstreamConnection[] = []
  readonly #waiting: Waiting[] = []
  #connecting = 0
  /** Calls of `acquire` that are under way: who was woken is in no list for a moment. */
  #asking = 0
  #context: SecureContext | null = null
  #stopped = false

  constructor(
    target: UpstreamTarget,
    limits: WireLimits,
    owner: { shared: Buffer; onEmpty: () => void },
  ) {
    this.#target = target
    this.#limits = limits
    this.#shared = owner.shared
    this.#onEmpty = owner.onEmpty
  }

  /** Closes what was idle for too long; `now` is monotonic. */
  sweep(now: number): void {
    for (const connection of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) {
      connection.destroy()
    }
  }

  /** A kept connection, if there is one that this request may take: nearly always. */
  takeIdle(repeatable: boolean): UpstreamConnection | undefined {
    const now = performance.now()
    const youngest = now - this.#limits.upstreamUnrepeatableIdleMs
    for (let connection = this.#idle.pop(); connection; connection = this.#idle.pop()) {
      if (!connection.usable) continue
      if (connection.idleUntil <= now) {
        connection.destroy()
        continue
      }
      if (repeatable || (connection.idleSince ?? 0) >= youngest) return connection
      this.#idle.push(connection)
      return undefined
    }
    return undefined
  }

  async acquire(
    request: UpstreamRequest,
    options: { repeatable: boolean; fresh: boolean },
  ): Promise<UpstreamConnection> {
    this.#asking += 1
    try {
      return await this.#take(request, options)
    } finally {
      this.#asking -= 1
      this.#letGo()
    }
  }

  async #take(
    request: UpstreamRequest,
    { repeatable, fresh }: { repeatable: boolean; fresh: boolean },
  ): Promise<UpstreamConnection> {
    for (;;) {
      const idle = fresh ? undefined : this.takeIdle(repeatable)
      if (idle) return idle
      if (this.#open.size + this.#connecting < this.#limits.upstreamConnectionsMax) {
        return this.#connect(request.signal)
      }
      // Full, but of connections that this request may not take: the oldest makes room.
      const oldest = this.#idle.shift()
      if (oldest) {
        this.#open.delete(oldest)
        oldest.destroy()
      } else {
        await this.#wait(request.signal)
      }
    }
  }

  stop(): void {
    this.#stopped = true
    for (const connection of this.#open) connection.destroy()
  }

  async #connect(signal: AbortNotice): Promise<UpstreamConnection> {
    this.#connecting += 1
    try {
      if (this.#target.tls !== null) this.#context ??= createUpstreamContext(this.#target.tls)
      const opened = await connectUpstream({
        target: this.#target,
        context: this.#context,
        timeoutMs: this.#limits.upstreamConnectTimeoutMs,
        shared: this.#shared,
        signal,
      })
      const connection = new UpstreamConnection(opened, this.#target, this.#limits, {
        released: (free) => this.#release(free),
        gone: (closed) => this.#forget(closed),
      })
      this.#open.add(connection)
      if (this.#stopped) connection.destroy()
      return connection
    } finally {
      this.#connecting -= 1
      this.#roomMade()
    }
  }

  #release(connection: UpstreamConnection): void {
    if (this.#idle.length >= this.#limits.upstreamIdleConnectionsMax) {
      connection.destroy()
      return
    }
    this.#idle.push(connection)
    this.#waiting.shift()?.wake()
  }

  #forget(connection: UpstreamConnection): void {
    this.#open.delete(connection)
    const at = this.#idle.indexOf(connection)
    if (at !== -1) this.#idle.splice(at, 1)
    this.#roomMade()
  }

  #roomMade(): void {
    if (this.#open.size + this.#connecting < this.#limits.upstreamConnectionsMax) {
      this.#waiting.shift()?.wake()
    }
    this.#letGo()
  }

  #letGo(): void {
    if (this.#open.size === 0 && this.#asking === 0) this.#onEmpty()
  }

  #wait(signal: AbortNotice): Promise<void> {
    if (this.#waiting.length >= this.#limits.upstreamWaitingMax) {
      const text = `${placeOf(this.#target)}: ${this.#waiting.length} requests wait for a connection`
      return Promise.reject(new WireError('wire/upstream-overloaded', text))
    }
    return new Promise((resolve, reject) => {
      const leave = (error: WireError) => {
        const at = this.#waiting.indexOf(waiting)
        if (at !== -1) this.#waiting.splice(at, 1)
        cleanUp()
        reject(error)
      }
      const onAbort = () => leave(new WireError('wire/aborted', 'the caller gave the request up'))
      const timer = setTimeout(
        () =>
          leave(
            new WireError(
              'wire/upstream-timeout',
              `${placeOf(this.#target)}: no connection became free`,
            ),
          ),
        this.#limits.upstreamConnectTimeoutMs,
      )
      const cleanUp = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const waiting: Waiting = {
        wake: () => {
          cleanUp()
          resolve()
        },
      }
      this.#waiting.push(waiting)
      signal.addEventListener('abort', onAbort)
      if (signal.aborted) onAbort()
    })
  }
}
