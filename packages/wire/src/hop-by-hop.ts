import type { HeaderLines } from './exchange.ts'

/** Fields of one connection (RFC 9110 section 7.6.1); `te` is handled apart. gateway.md section 9.1. */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Elements of a comma list over all lines of one name (RFC 9110 section 5.6.1), in lower case. */
export function listElements(headers: HeaderLines, name: string): string[] {
  return headers
    .filter(([lineName]) => lineName.toLowerCase() === name)
    .flatMap(([, value]) => value.split(','))
    .map((element) => element.trim().toLowerCase())
    .filter((element) => element !== '')
}

/**
 * The lines that go beyond this connection: without the hop-by-hop fields, without what `Connection`
 * names, and with `te` reduced to `trailers`. Order and spelling stay.
 */
export function withoutHopByHop(headers: HeaderLines): HeaderLines {
  const named = new Set(listElements(headers, 'connection'))
  const kept: (readonly [string, string])[] = []
  let trailersWanted = false
  for (const line of headers) {
    const name = line[0].toLowerCase()
    if (name === 'te') {
      if (!trailersWanted && offersTrailers(line[1])) kept.push([line[0], 'trailers'])
      trailersWanted ||= offersTrailers(line[1])
    } else if (!connectionFields.has(name) && !named.has(name)) {
      kept.push(line)
    }
  }
  return kept
}

function offersTrailers(value: string): boolean {
  return value.split(',').some((element) => element.trim().toLowerCase() === 'trailers')
}
