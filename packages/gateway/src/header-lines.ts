import type { HeaderLines } from '@twinlatch/wire'

/** Whether a header name is `lower` in whatever case. Nearly every name fails at its length. */
export function isNamed(name: string, lower: string): boolean {
  return (
    name.length === lower.length &&
    (name.charCodeAt(0) | 0x20) === (lower.charCodeAt(0) | 0x20) &&
    name.toLowerCase() === lower
  )
}

/** All values of a header by lower-case name, in order; other spellings of the name do not count. */
export function valuesOf(headers: HeaderLines, lower: string): readonly string[] {
  let values: string[] | null = null
  for (const [name, value] of headers) {
    if (!isNamed(name, lower)) continue
    if (values === null) values = [value]
    else values.push(value)
  }
  return values ?? none
}

const none: readonly string[] = []
