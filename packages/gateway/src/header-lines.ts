import { type HeaderLines, isNamed } from '@twinlatch/wire'

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
