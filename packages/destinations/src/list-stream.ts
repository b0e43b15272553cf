import type { Logger } from '@twinlatch/kit'
import { destinationLimits } from './limits.ts'

/** The long lists that are being read at a time. */
export class ListReaders {
  readonly #max: number
  #count = 0

  constructor(max: number = destinationLimits.longListsAtOnce) {
    this.#max = max
  }

  /** The function that ends this reading, or `null` while there are too many. */
  enter(): (() => void) | null {
    if (this.#count >= this.#max) return null
    this.#count += 1
    let inside = true
    return () => {
      if (inside) this.#count -= 1
      inside = false
    }
  }
}

/**
 * `first` and then `texts` as a body: the next one is made when the one before it was taken, and a reader that takes
 * none for `listStallMs` is cut off. However it ends, `release` is called.
 */
export function streamOf(
  first: IteratorResult<string, undefined>,
  texts: AsyncGenerator<string, undefined>,
  {
    release,
    log,
    path,
    stallMs = destinationLimits.listStallMs,
  }: { release: () => void; log: Logger; path: string; stallMs?: number },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let ready: IteratorResult<string, undefined> | null = first
  let stall: NodeJS.Timeout | undefined
  const end = async () => {
    clearTimeout(stall)
    release()
    await texts.return(undefined)
  }
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(stall)
        try {
          const { value, done } = ready ?? (await texts.next())
          ready = null
          if (done) {
            await end()
            controller.close()
            return
          }
          controller.enqueue(encoder.encode(value))
          stall = setTimeout(() => {
            void end()
            controller.error(new Error('the reader of a list has stalled'))
          }, stallMs).unref()
        } catch (error) {
          // The status is out: the client sees an answer that breaks off.
          log.error({ event: 'destinations.list-broken-off', path, err: error }, 'a list broke off')
          await end()
          controller.error(error)
        }
      },
      cancel: end,
    },
    // Nothing is read before somebody takes it.
    { highWaterMark: 0 },
  )
}
