import { DestinationsError } from './errors.ts'

/** A parsed `$filter` of a list or a bulk deletion (destination-service.md section 6). */
export type Filter =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'starts-with' | 'ends-with'; readonly text: string }
  | { readonly kind: 'modified-within'; readonly minutes: number }

/** A text literal: `'` is doubled inside. */
const literal = "'((?:[^']|'')*)'"
const nameList = /^Name +in *\((.*)\)$/is
const nameTest = new RegExp(`^(startswith|endswith)\\( *Name *, *${literal} *\\)$`, 'is')
const modifiedWithin = new RegExp(`^modifiedwithin\\( *${literal} *, *${literal} *\\)$`, 'is')

/**
 * The filter in `text`, which was URL-decoded once. Names of an `in` list are percent-encoded once
 * more inside their quotes. Linear in the length of the text; anything else is refused.
 */
export function parseFilter(text: string): Filter {
  const trimmed = text.trim()
  const list = nameList.exec(trimmed)?.[1]
  if (list !== undefined) return { kind: 'names', names: parseNames(list) }
  const [, operation, operand] = nameTest.exec(trimmed) ?? []
  if (operation !== undefined && operand !== undefined) {
    return {
      kind: operation.toLowerCase() === 'startswith' ? 'starts-with' : 'ends-with',
      text: operand.replaceAll("''", "'"),
    }
  }
  const [, amount, unit] = modifiedWithin.exec(trimmed) ?? []
  if (amount !== undefined) return parseModifiedWithin(amount, unit ?? '')
  if (/^Label\[/i.test(trimmed)) {
    throw new DestinationsError('destinations/unsupported', 'filters on labels are not built yet')
  }
  throw malformed("use Name in ('a', 'b'), startswith(Name, 'a'), endswith(Name, 'a')")
}

/** Whether an item passes `filter` at the time `now`. */
export function passesFilter(
  filter: Filter,
  item: { readonly name: string; readonly modifiedAt: Date },
  now: Date,
): boolean {
  switch (filter.kind) {
    case 'names':
      return filter.names.includes(item.name)
    case 'starts-with':
      return item.name.startsWith(filter.text)
    case 'ends-with':
      return item.name.endsWith(filter.text)
    case 'modified-within':
      return now.getTime() - item.modifiedAt.getTime() <= filter.minutes * 60_000
  }
}

function parseNames(list: string): string[] {
  const names: string[] = []
  const element = new RegExp(`\\s*${literal}\\s*(,|$)`, 'y')
  while (element.lastIndex < list.length || names.length === 0) {
    const [, name, end] = element.exec(list) ?? []
    if (name === undefined) throw malformed("a list is ('a', 'b')")
    names.push(decodeName(name.replaceAll("''", "'")))
    if (end === '') return names
  }
  throw malformed('a list must not end with a comma')
}

function decodeName(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new DestinationsError(
      'destinations/malformed-request',
      '$filter: a name is not correctly percent-encoded',
      { cause: error },
    )
  }
}

function parseModifiedWithin(amount: string, unit: string): Filter {
  const minutes = /^\d{1,4}$/.test(amount) ? Number(amount) : 0
  if (unit !== 'minutes' || minutes < 1 || minutes > 1440) {
    throw malformed("modifiedwithin('1', 'minutes') to modifiedwithin('1440', 'minutes')")
  }
  return { kind: 'modified-within', minutes }
}

function malformed(hint: string): DestinationsError {
  return new DestinationsError(
    'destinations/malformed-request',
    `$filter cannot be understood: ${hint}`,
  )
}
