import { formatName, parseDistinguishedName } from '@twinlatch/pki'

const nameStart = /^(CN|C|O|OU|L|ST|DC|UID|STREET|emailAddress|serialNumber)=/i

/**
 * Whether `value` is a name as headers show it for certain: no country first, and nothing that is
 * written in two ways. Most names of a long list are, and parsing them all would take a third of the
 * time of a plan.
 */
export function isPlainName(value: string): boolean {
  return plainName.test(value)
}

const plainName = /^(?!C=)(?:(?:CN|C|O|OU|L|ST|UID)=[\w.:@()-]+(?: [\w.:@()-]+)*(?:,(?=.)|$))+$/

/** What is odd about a header value that is meant as a distinguished name, or `null`. */
export function oddityOfName(value: string): string | null {
  if (isPlainName(value)) return null
  oddities ??= new Map()
  const known = oddities.get(value)
  if (known !== undefined) return known
  const oddity = findOddity(value)
  if (oddities.size >= odditiesMax) oddities.clear()
  oddities.set(value, oddity)
  return oddity
}

/** Lists of names grow by one name at a time: the others need not be read again. */
let oddities: Map<string, string | null> | undefined
/** About 10 MB; twice the names of a very large installation. */
const odditiesMax = 20_000

function findOddity(value: string): string | null {
  const bare = value.replace(/^\*/, '').replace(/\*$/, '')
  const isName = nameStart.test(bare) && /[,/]/.test(bare)
  if (bare !== value && (isName || /[A-Za-z]=/.test(bare))) {
    return `"${value}": a "*" at an end matches any text there, not the character; write the whole name`
  }
  if (!isName && !value.startsWith('/')) return null
  const exact = rfc2253(value)
  if (exact === null) return null
  const rdns = exact.split(/(?<!\\),/)
  if (/^C=/i.test(value) && rdns.length >= 3) {
    const reversed = rfc2253(value, 'der') ?? exact
    return `"${value}" looks like a name in forward order; headers show it as "${reversed}"`
  }
  return exact === value ? null : `"${value}" is compared as text; headers show it as "${exact}"`
}

function rfc2253(text: string, order: 'rfc' | 'der' = 'rfc'): string | null {
  try {
    return formatName(parseDistinguishedName(text, { order }).name)
  } catch {
    // Not a name, then there is nothing to say about it as one.
    return null
  }
}
