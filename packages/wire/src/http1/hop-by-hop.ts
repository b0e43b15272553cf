import { type HeaderLines, isNamed } from '../header-lines.ts'

/** Fields of one connection (RFC 9110 section 7.6.1); `te` is handled apart. gateway.md section 9.1. */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Elements of a comma list over all lines of one name (RFC 9110 section 5.6.1), in lower case. */
function listElements(headers: HeaderLines, name: string): string[] {
  const elements: string[] = []
  for (const [lineName, value] of headers) {
    if (isNamed(lineName, name)) elements.push(...elementsOf(value))
  }
  return elements
}

/** Elements of one value of a comma list, in lower case; empty ones do not count. */
export function elementsOf(value: string): string[] {
  const lower = value.toLowerCase()
  if (!lower.includes(',')) return lower.trim() === '' ? [] : [lower.trim()]
  return lower
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * The lines that go beyond this connection: without the hop-by-hop fields, without what `Connection`
 * names, and with `te` reduced to `trailers`. Order and spelling stay.
 */
export function withoutHopByHop(headers: HeaderLines): HeaderLines {
  if (!headers.some(belongsToConnection)) return headers
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

/** Length and first letter before anything else: nearly every line fails there. */
function belongsToConnection([name]: readonly [string, string]): boolean {
  const first = name.charCodeAt(0) | 0x20
  switch (name.length) {
    case 2:
      return name.toLowerCase() === 'te'
    case 7:
      return first === 0x75 && connectionFields.has(name.toLowerCase())
    case 10:
      return (first === 0x63 || first === 0x6b) && connectionFields.has(name.toLowerCase())
    case 16:
      return first === 0x70 && connectionFields.has(name.toLowerCase())
    case 17:
      return first === 0x74 && connectionFields.has(name.toLowerCase())
    default:
      return false
  }
}

function offersTrailers(value: string): boolean {
  return value.split(',').some((element) => element.trim().toLowerCase() === 'trailers')
}
