import { WireError } from '../errors.ts'
import { isNamed } from '../header-lines.ts'
import type { UpstreamRequest } from '../upstream.ts'
import { withoutHopByHop } from './hop-by-hop.ts'
import { renderHead } from './sent-head.ts'

/** A request head as bytes, and the framing of the body that must follow it. */
export interface UpstreamHead {
  readonly text: string
  readonly framing: 'none' | 'length' | 'chunked'
  /** Bytes of the body when `framing` is `length`. */
  readonly length: number
}

/** Their content has a meaning, so its absence is said (RFC 9110 section 8.6). */
const methodsWithContent: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH'])

/**
 * Head of a request to an upstream. Framing is ours: the announced length is kept when there is a
 * body of that length, else the body goes in chunks. Throws `wire/malformed-message` rather than
 * write a line that could be read as two, or a request without exactly one Host.
 */
export function renderUpstreamHead(
  request: Pick<UpstreamRequest, 'method' | 'path' | 'headers' | 'body'>,
): UpstreamHead {
  const { method, path } = request
  const rows = [`${method} ${path} HTTP/1.1`]
  const announced: string[] = []
  let hosts = 0
  for (const [name, value] of withoutHopByHop(request.headers)) {
    if (isNamed(name, 'content-length')) {
      announced.push(value)
      continue
    }
    if (isNamed(name, 'host')) hosts += 1
    rows.push(`${name}: ${value}`)
  }
  if (hosts !== 1) {
    throw new WireError('wire/malformed-message', 'a request needs exactly one Host')
  }
  const { framing, length, line } = framingOf(request, announced)
  if (line !== '') rows.push(line)
  const text = renderHead('request', rows)
  if (text === null) throw unsendable(request)
  return { text, framing, length }
}

function framingOf(
  { method, body }: Pick<UpstreamRequest, 'method' | 'body'>,
  announced: readonly string[],
): Pick<UpstreamHead, 'framing' | 'length'> & { line: string } {
  if (body instanceof Uint8Array) {
    return { framing: 'length', length: body.length, line: `content-length: ${body.length}` }
  }
  const only = announced.length === 1 ? announced[0] : undefined
  if (body === null) {
    const say = methodsWithContent.has(method) || only !== undefined
    return { framing: 'none', length: 0, line: say ? 'content-length: 0' : '' }
  }
  if (only !== undefined && /^[0-9]{1,15}$/.test(only)) {
    const length = Number(only)
    return { framing: 'length', length, line: `content-length: ${length}` }
  }
  return { framing: 'chunked', length: 0, line: 'transfer-encoding: chunked' }
}

/** Names the first thing that cannot be sent. */
function unsendable(request: Pick<UpstreamRequest, 'method' | 'path' | 'headers'>): WireError {
  const isSendable = (...rows: string[]) => renderHead('request', rows) !== null
  if (!isSendable(`${request.method} ${request.path} HTTP/1.1`)) {
    return new WireError('wire/malformed-message', 'a method or a path that cannot be sent')
  }
  const line = request.headers.find(
    ([name, value]) => !isSendable('GET / HTTP/1.1', `${name}: ${value}`),
  )
  const name = JSON.stringify((line?.[0] ?? '').slice(0, 64))
  return new WireError('wire/malformed-message', `a header line that cannot be sent: ${name}`)
}
