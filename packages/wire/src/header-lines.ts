/** Header lines in the order and spelling of the wire; a repeated name is several lines. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]

/** Whether a header name is `lower`, in whatever case. Nearly every name fails at its length. */
export function isNamed(name: string, lower: string): boolean {
  if (name.length !== lower.length) return false
  if ((name.charCodeAt(0) | 0x20) !== (lower.charCodeAt(0) | 0x20)) return false
  // Most programs write names in lower case.
  return name === lower || name.toLowerCase() === lower
}
