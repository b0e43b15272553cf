/** C0, C1, and the separators that end a line or paragraph: they break logs and headers. */
const control = /[\p{Cc}\p{Zl}\p{Zp}]/u

/**
 * Format characters: bidirectional controls (UAX 9 section 2), zero-width and tag characters. With
 * them a name reads otherwise than it compares.
 */
const invisible = /\p{Cf}/u

/**
 * What is wrong with `value` as an attribute of a subject, or `null` (pki.md section 2.5). `max` is
 * the upper bound of RFC 5280 appendix A.1 in characters, not bytes. Refused, never cut or cleaned:
 * a name that is silently another name is how policies come to match the wrong one.
 */
export function nameTextFault(value: string, max: number): string | null {
  if (!value.isWellFormed()) return 'is not well-formed Unicode (half of a surrogate pair)'
  if (control.test(value)) return 'holds a control character'
  if (invisible.test(value)) return 'holds an invisible or direction-changing character'
  if (value === '') return 'is empty'
  if (value.trim() !== value) return 'starts or ends with a blank'
  const length = [...value].length
  return length > max ? `has ${length} characters, at most ${max} are allowed` : null
}
