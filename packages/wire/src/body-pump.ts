import type { Readable, Writable } from 'node:stream'
import { WireError } from './errors.ts'

/**
 * Hands every byte of `source` on with `write`, never faster than `sink` takes them, and calls
 * `done` once: without an error when the source ended and had exactly `bytesExpected` bytes (if
 * known), else with what was wrong. Does not end the sink. The answer is a function that stops it
 * early; `done` is then not called.
 */
export function pumpBody(options: {
  source: Readable
  sink: Writable
  /** Writes one chunk in the framing of the sink; answers what `sink.write` answered. */
  write: (chunk: Buffer) => boolean
  bytesExpected: number | null
  done: (error: WireError | null) => void
}): () => void {
  const { source, sink, bytesExpected } = options
  let bytes = 0
  let over = false

  const onData = (chunk: Buffer | string) => {
    const buffer = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
    bytes += buffer.length
    if (bytesExpected !== null && bytes > bytesExpected) {
      return finish(new WireError('wire/malformed-message', 'the body is longer than announced'))
    }
    if (buffer.length > 0 && !options.write(buffer)) source.pause()
  }
  const onDrain = () => source.resume()
  const onEnd = () =>
    finish(
      bytesExpected === null || bytes === bytesExpected
        ? null
        : new WireError('wire/malformed-message', 'the body is shorter than announced'),
    )
  const onError = (error: Error) =>
    finish(
      error instanceof WireError
        ? error
        : new WireError('wire/aborted', 'the body broke off', { cause: error }),
    )
  const onClose = () => finish(new WireError('wire/aborted', 'the body broke off'))
  const stop = () => {
    over = true
    source.off('data', onData).off('end', onEnd).off('close', onClose)
    sink.off('drain', onDrain)
  }
  const finish = (error: WireError | null) => {
    if (over) return
    stop()
    source.off('error', onError)
    options.done(error)
  }

  // One that was read already says nothing any more, not even that it ended.
  if (source.destroyed || source.readableEnded) {
    const already = source.errored
    queueMicrotask(() => (already ? onError(already) : onClose()))
    return stop
  }
  source.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose)
  sink.on('drain', onDrain)
  // `error` stays listened to: a source that fails after it was given up must not crash the process.
  return stop
}
