import { type WireLimits, wireLimits } from '../limits.ts'
import { parseFieldLines, protocolError } from './field-lines.ts'

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done'

/**
 * Decodes a chunked body (RFC 9112 section 7.1) from pieces of any size. Chunk extensions and
 * trailers are checked for form and dropped. Strict where leniency lets two parsers disagree: sizes
 * are hexadecimal digits, every line ends with CRLF, exactly the announced bytes come before it.
 */
export class ChunkedDecoder {
  readonly #limits: WireLimits
  #state: State = 'size'
  /** Bytes left of the data, or of the CRLF behind it. */
  #left = 0
  #line = ''
  #trailerBytes = 0
  #trailerLines = 0

  constructor(limits: WireLimits = wireLimits) {
    this.#limits = limits
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Takes what belongs to the body and answers how many bytes that were; throws on bad framing. */
  push(bytes: Buffer, onData: (data: Buffer) => void): number {
    let at = 0
    while (at < bytes.length && this.#state !== 'done') {
      if (this.#state === 'data') {
        const data = bytes.subarray(at, at + this.#left)
        at += data.length
        this.#left -= data.length
        if (this.#left === 0) {
          this.#state = 'data-end'
          this.#left = 2
        }
        onData(data)
      } else if (this.#state === 'data-end') {
        if (bytes[at] !== (this.#left === 2 ? 0x0d : 0x0a)) {
          throw protocolError('a chunk that is longer than announced')
        }
        at += 1
        this.#left -= 1
        if (this.#left === 0) this.#state = 'size'
      } else {
        at += this.#takeLine(bytes.subarray(at))
      }
    }
    return at
  }

  #takeLine(bytes: Buffer): number {
    const end = bytes.indexOf(0x0a)
    const taken = end === -1 ? bytes.length : end + 1
    const limit =
      this.#state === 'size' ? this.#limits.chunkLineBytesMax : this.#limits.trailerBytesMax
    if (this.#line.length + taken > limit)
      throw protocolError('a chunk or trailer line that is too long')
    this.#line += bytes.toString('latin1', 0, taken)
    if (end === -1) return taken
    const line = this.#line
    this.#line = ''
    if (!line.endsWith('\r\n')) throw protocolError('a bare LF as line end')
    if (this.#state === 'size') this.#startChunk(line.slice(0, -2))
    else this.#takeTrailer(line.slice(0, -2))
    return taken
  }

  #startChunk(line: string): void {
    const size = /^([0-9a-f]{1,13})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?$/i.exec(line)?.[1]
    if (size === undefined) throw protocolError('a chunk size that is none')
    this.#left = Number.parseInt(size, 16)
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  #takeTrailer(line: string): void {
    this.#trailerBytes += line.length + 2
    if (this.#trailerBytes > this.#limits.trailerBytesMax) throw protocolError('too many trailers')
    if (line === '') {
      this.#state = 'done'
      return
    }
    this.#trailerLines += 1
    if (this.#trailerLines > this.#limits.headerLinesMax) throw protocolError('too many trailers')
    parseFieldLines(line, 1)
  }
}

/** One chunk of a body that we send, in its framing (RFC 9112 section 7.1). */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** End of a chunked body without trailers. */
export const lastChunk = '0\r\n\r\n'
