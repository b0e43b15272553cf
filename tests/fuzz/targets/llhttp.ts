import { createRequire } from 'node:module'

/**
 * What Node's parser (llhttp, strict) makes of the same bytes. It has no public interface without a
 * socket; this is the one that Node's own HTTP modules use, and only this file knows of it.
 */
export interface LlhttpReading {
  /** Every whole request as `method target body`; absolute targets in origin form. */
  readonly requests: readonly string[]
  /** It stopped at something that we serve on purpose: see `listed`. */
  readonly isListed: boolean
}

/**
 * Where we serve what llhttp refuses, each with its reason:
 * - white space after a chunk size, extensions without a name, with white space, or with bytes above
 *   0x7f: gateway.md section 9.4 accepts and drops them, and they leave no trace in what we send;
 * - framing fields as trailers (`listedAsTrailers`): dropped like every trailer, they frame nothing;
 * - TAB behind a value of `Transfer-Encoding`: optional white space (RFC 9110 section 5.5);
 * - a request for an upgrade that is not made: llhttp stops reading there.
 */
const listed: ReadonlySet<string> = new Set([
  'HPE_INVALID_CHUNK_SIZE',
  'HPE_STRICT',
  'HPE_INVALID_TRANSFER_ENCODING',
  'HPE_PAUSED_UPGRADE',
])
/** Only behind a header section: in one of them they are what smuggles. */
const listedAsTrailers: ReadonlySet<string> = new Set([
  'HPE_UNEXPECTED_CONTENT_LENGTH',
  'HPE_INVALID_CONTENT_LENGTH',
])

/** Reads all of `bytes` as requests of one connection. */
export function readWithLlhttp(bytes: Buffer): LlhttpReading {
  const { HTTPParser } = internals()
  const parser = new HTTPParser()
  const requests: string[] = []
  let [start, body, upgraded, inBody] = ['', '', false, false]
  parser.initialize(HTTPParser.REQUEST, {}, 1 << 20, 0)
  parser[HTTPParser.kOnHeadersComplete] = (...found: unknown[]) => {
    const [, , , method, url, , , upgrade] = found
    start = `${internals().methods[Number(method)]} ${originForm(String(url))}`
    body = ''
    upgraded ||= upgrade === true
    inBody = true
  }
  parser[HTTPParser.kOnBody] = (piece: Buffer) => {
    body += piece.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    requests.push(`${start} ${body}`)
    inBody = false
  }
  const result = parser.execute(bytes, 0, bytes.length)
  // Nothing else frees it: 9 KiB each.
  parser.close()
  const code = result instanceof Error && 'code' in result ? String(result.code) : ''
  const isListed = upgraded || listed.has(code) || (inBody && listedAsTrailers.has(code))
  return { requests, isListed }
}

function originForm(url: string): string {
  const rest = /^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1]
  return rest === '' ? '/' : (rest ?? url)
}

interface Internals {
  readonly HTTPParser: {
    new (): Record<number, unknown> & {
      initialize(type: number, resource: object, maxHeaderSize: number, leniency: number): void
      execute(bytes: Buffer, offset: number, length: number): unknown
      close(): void
    }
    readonly REQUEST: number
    readonly kOnHeadersComplete: number
    readonly kOnBody: number
    readonly kOnMessageComplete: number
  }
  readonly methods: readonly string[]
}

let loaded: Internals | null = null

function internals(): Internals {
  loaded ??= createRequire(import.meta.url)('_http_common') as Internals
  return loaded
}
