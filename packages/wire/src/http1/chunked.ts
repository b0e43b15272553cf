import { type WireLimits, wireLimits } from '../limits.ts'
import { parseFieldLines, protocolError, type Refuse } from './field-lines.ts'
import { joinPieces } from './pieces.ts'

/**
 * Extensions are not understood, only delimited: a quoted string ends in its line, or a recipient
 * that reads on to the next quote sees other chunks.
 */
const sizeLine =
  /^([0-9a-f]{1,16})[ \t]*(?:;(?:[\t !\x23-\x7e\x80-\xff]|"(?:[\t !\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t\x20-\x7e\x80-\xff])*")*)?$/i

type State = 'size' | 'data' | 'data-end' | 'trailer' | 'done'

/**
 * Decodes a chunked body (RFC 9112 section 7.1) from pieces of any size. Chunk extensions and
 * trailers are checked for form and dropped. Strict where leniency lets two parsers disagree: sizes
 * are hexadecimal digits, every line ends with CRLF, exactly the announced bytes come before it.
 */
export class ChunkedDecoder {
  readonly #limits: WireLimits
  readonly #refuse: Refuse
  #state: State = 'size'
  /** Bytes left of the data, or of the CRLF behind it. */
  #left = 0
  #line = ''
  #trailerBytes = 0
  #trailerLines = 0

  constructor(limits: WireLimits = wireLimits, refuse: Refuse = protocolError) {
    this.#limits = limits
    this.#refuse = refuse
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /**
   * Takes what belongs to the body and answers how many bytes that were; throws on bad framing.
   * `onData` is called once: nobody shall hold, or send on, a piece for every byte.
   */
  push(bytes: Buffer, onData: (data: Buffer) => void): number {
    const pieces: Buffer[] = []
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
        pieces.push(data)
      } else if (this.#state === 'data-end') {
        if (bytes[at] !== (this.#left === 2 ? 0x0d : 0x0a)) {
          throw this.#refuse('a chunk that is longer than announced')
        }
        at += 1
        this.#left -= 1
        if (this.#left === 0) this.#state = 'size'
      } else {
        at += this.#takeLine(bytes.subarray(at))
      }
    }
    if (pieces.length > 0) onData(joinPieces(pieces))
    return at
  }

  #takeLine(bytes: Buffer): number {
    const end = bytes.indexOf(0x0a)
    const taken = end === -1 ? bytes.length : end + 1
    const limit =
      this.#state === 'size' ? this.#limits.chunkLineBytesMax : this.#limits.trailerBytesMax
    if (this.#line.length + taken > limit)
      throw this.#refuse('a chunk or trailer line that is too long')
    this.#line += bytes.toString('latin1', 0, taken)
    if (end === -1) {
      // What can become no size is refused at once, not when the peer gets tired.
      if (this.#state === 'size' && !/^[0-9a-f]{0,16}(?:$|[ \t;\r])/i.test(this.#line)) {
        throw this.#refuse('a chunk size that is none')
      }
      return taken
    }
    const line = this.#line
    this.#line = ''
    if (!line.endsWith('\r\n')) throw this.#refuse('a bare LF as line end')
    if (this.#state === 'size') this.#startChunk(line.slice(0, -2))
    else this.#takeTrailer(line.slice(0, -2))
    return taken
  }

  #startChunk(line: string): void {
    const size = sizeLine.exec(line)?.[1]
    const bytes = Number.parseInt(size ?? '', 16)
    if (!Number.isSafeInteger(bytes)) throw this.#refuse('a chunk size that is none')
    this.#left = bytes
    this.#state = this.#left === 0 ? 'trailer' : 'data'
  }

  #takeTrailer(line: string): void {
    this.#trailerBytes += line.length + 2
    if (this.#trailerBytes > this.#limits.trailerBytesMax) throw this.#refuse('too many trailers')
    if (line === '') {
      this.#state = 'done'
      return
    }
    this.#trailerLines += 1
    if (this.#trailerLines > this.#limits.headerLinesMax) throw this.#refuse('too many trailers')
    parseFieldLines(`${line}\r\n`, 0, this.#refuse)
  }
}

/** One chunk of a body that we send, in its framing (RFC 9112 section 7.1). */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`
}

/** End of a chunked body without trailers. */
export const lastChunk = '0\r\n\r\n'
