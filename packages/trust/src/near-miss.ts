import { compareNames, type Name, parseDistinguishedName } from '@twinlatch/pki'

/**
 * What keeps `got` from being `wanted`, in one line. Two distinguished names are compared part by
 * part and the differing RDN is named, counted from the left of the RFC 2253 text; names that are
 * one name in another spelling, or in reversed order, are called that (console-and-cli.md section 7).
 */
export function describeNearMiss(wanted: string, got: string | null): string {
  if (got === null) return 'there is no such value'
  if (got === '') return 'the value is empty'
  const left = readName(wanted)
  const right = readName(got)
  return left && right ? describeNames(left, right) : describeTexts(wanted, got)
}

/**
 * A line that puts `~` under what differs in `got`, to be printed below it; empty when nothing can
 * be pointed at. Whole RDNs are marked in distinguished names.
 */
export function markDifference(wanted: string, got: string): string {
  const left = splitRdns(wanted)
  const right = splitRdns(got)
  if ([...left, ...right].every((part) => part.includes('=')) && left.length + right.length > 2) {
    const sameCount = left.length === right.length
    const isMeant = (part: string, index: number) =>
      sameCount ? part === left[index] : left.includes(part)
    return right
      .map((part, index) => (isMeant(part, index) ? ' ' : '~').repeat(part.length))
      .join(' ')
      .trimEnd()
  }
  const start = commonPrefix(wanted, got)
  const end = got.length - commonSuffix(wanted.slice(start), got.slice(start))
  return start === got.length ? '' : ' '.repeat(start) + '~'.repeat(Math.max(1, end - start))
}

/** More differing parts than this say "another name" better than a list does. */
const differencesMax = 3

function describeNames(wanted: Name, got: Name): string {
  const { relation, differences } = compareNames(wanted, got)
  if (relation === 'same') {
    return 'the same name in another spelling; the value compared is the RFC 2253 text'
  }
  if (relation === 'same-folded') return 'equal but for case, blanks or Unicode form'
  if (relation === 'reversed') return 'the same parts in reversed order'
  const shown = differences
    .slice(0, differencesMax)
    .map(({ index, left, right }) => `RDN ${index}: ${left ?? 'nothing'} / ${right ?? 'nothing'}`)
  const more = differences.length - shown.length
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function describeTexts(wanted: string, got: string): string {
  if (wanted.toLowerCase() === got.toLowerCase()) return 'equal but for upper and lower case'
  if (wanted.trim() === got.trim()) return 'equal but for blanks at the ends'
  const at = commonPrefix(wanted, got)
  return at === 0 ? 'another value' : `different from character ${at + 1} on`
}

function readName(text: string): Name | null {
  if (!text.includes('=')) return null
  try {
    return parseDistinguishedName(text).name
  } catch {
    // Not a name: then it is compared as the text it is.
    return null
  }
}

/** RDNs of RFC 2253 text: cut at commas that no backslash escapes. */
function splitRdns(text: string): string[] {
  const parts: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index++) {
    if (text[index] === '\\') index++
    else if (text[index] === ',') {
      parts.push(text.slice(start, index))
      start = index + 1
    }
  }
  return [...parts, text.slice(start)]
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

function commonSuffix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a.at(-1 - length) === b.at(-1 - length)) length++
  return length
}
