import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Logger } from '@twinlatch/kit'
import { WireError } from '../errors.ts'
import { renderUpstreamHead, type UpstreamHead } from '../http1/upstream-head.ts'
import { limitsWith, type WireLimits } from '../limits.ts'
import type {
  UpstreamPool,
  UpstreamRequest,
  UpstreamResponse,
  UpstreamTarget,
  UpstreamTls,
} from '../upstream.ts'
import { readBufferBytes } from './read-buffer.ts'
import { TargetPool } from './target-pool.ts'
import type { UpstreamConnection } from './upstream-connection.ts'
import { placeOf } from './upstream-fault.ts'

/**
 * The client side of the data path: keep-alive connections, pooled by target **and** identity, so
 * that a connection opened with one client certificate never carries a request of another.
 */
export function createUpstreamPool(options: {
  limits?: Partial<WireLimits>
  log: Logger
}): UpstreamPool {
  return new NodeUpstreamPool(limitsWith(options.limits), options.log)
}

/** RFC 9110 section 9.2.2. */
const idempotentMethods: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PUT',
  'DELETE',
])

/** A request and who waits for its answer. */
interface Asked {
  readonly request: UpstreamRequest
  readonly head: UpstreamHead
  readonly repeatable: boolean
  readonly resolve: (response: UpstreamResponse) => void
  readonly reject: (error: unknown) => void
}

class NodeUpstreamPool implements UpstreamPool {
  readonly #limits: WireLimits
  readonly #log: Logger
  readonly #targets = new Map<string, TargetPool>()
  readonly #identities = new WeakMap<UpstreamTls, string>()
  readonly #keys = new WeakMap<UpstreamTarget, string>()
  readonly #shared = Buffer.allocUnsafeSlow(readBufferBytes)
  readonly #clock: NodeJS.Timeout
  #stopped = false

  constructor(limits: WireLimits, log: Logger) {
    this.#limits = limits
    this.#log = log
    // One clock for all: a timer per connection would be set anew with every request.
    this.#clock = setInterval(() => this.#sweep(), limits.timeoutCheckIntervalMs).unref()
  }

  request(request: UpstreamRequest): Promise<UpstreamResponse> {
    // Nobody else listens before the body is sent; a stream that has failed is noticed then.
    if (request.body instanceof Readable) request.body.on('error', () => {})
    return new Promise((resolve, reject) => {
      // Before a connection is taken, which would be nobody's if this throws.
      const head = renderUpstreamHead(request)
      this.#start({ request, head, repeatable: isRepeatable(request), resolve, reject }, false)
    })
  }

  #start(asked: Asked, fresh: boolean): void {
    const target = this.#target(asked.request.target)
    const { repeatable } = asked
    const idle = fresh ? undefined : target.takeIdle(repeatable)
    if (idle) this.#exchange(idle, asked, fresh)
    else {
      target
        .acquire(asked.request, { repeatable, fresh })
        .then((connection) => this.#exchange(connection, asked, fresh))
        .catch(asked.reject)
    }
  }

  #exchange(connection: UpstreamConnection, asked: Asked, fresh: boolean): void {
    const { request, head, repeatable, resolve, reject } = asked
    const mayRepeat = !fresh && repeatable && connection.idleSince !== null
    if (!mayRepeat) connection.exchange(request, head, asked)
    else {
      connection.exchange(request, head, {
        resolve,
        reject: (error) => {
          if (connection.answered || !isClosed(error)) reject(error)
          else this.#repeat(asked)
        },
      })
    }
  }

  // The upstream closed a kept connection as we used it: it saw nothing of the request, or something
  // that may be done twice.
  #repeat(asked: Asked): void {
    const upstream = placeOf(asked.request.target)
    this.#log.debug({ event: 'upstream.stale', upstream }, 'sent again')
    try {
      this.#start(asked, true)
    } catch (error) {
      asked.reject(error)
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearInterval(this.#clock)
    for (const target of this.#targets.values()) target.stop()
    this.#targets.clear()
  }

  #sweep(): void {
    const now = performance.now()
    for (const target of this.#targets.values()) target.sweep(now)
  }

  #target(target: UpstreamTarget): TargetPool {
    if (this.#stopped) throw new WireError('wire/aborted', 'the upstream client is stopped')
    const key = this.#keyOf(target)
    const known = this.#targets.get(key)
    if (known) return known
    const pool = new TargetPool(target, this.#limits, {
      shared: this.#shared,
      onEmpty: () => {
        if (this.#targets.get(key) === pool) this.#targets.delete(key)
      },
    })
    this.#targets.set(key, pool)
    return pool
  }

  #keyOf(target: UpstreamTarget): string {
    const known = this.#keys.get(target)
    if (known !== undefined) return known
    const { host, port, tls } = target
    const key = `${host} ${port} ${tls === null ? '' : this.#identity(tls)}`
    this.#keys.set(target, key)
    return key
  }

  #identity(tls: UpstreamTls): string {
    const known = this.#identities.get(tls)
    if (known !== undefined) return known
    const parts = [
      tls.serverName,
      tls.authoritiesPem,
      tls.certificateChainPem,
      tls.privateKeyPem?.reveal() ?? null,
    ]
    const identity = hash('sha256', JSON.stringify(parts))
    this.#identities.set(tls, identity)
    return identity
  }
}

/** May be sent twice: nothing of it is gone once sent, and doing it twice is doing it once. */
function isRepeatable(request: UpstreamRequest): boolean {
  return !(request.body instanceof Readable) && idempotentMethods.has(request.method)
}

function isClosed(error: unknown): boolean {
  return (
    error instanceof WireError &&
    (error.code === 'wire/upstream-closed' || error.code === 'wire/upstream-reset')
  )
}
