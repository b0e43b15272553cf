/** What stands in a record instead of a value that nobody may read there. */
export const hiddenValue = '[secret]'

const secretWords =
  /(?:^|[-_.])(?:authorization|cookie|credentials?|jwt|keys?|passw(?:or)?d|secrets?|session|signature|tokens?)(?:$|[-_.])|apikey/

/**
 * Whether a header usually holds a credential, by its lower-case name. Its values stay out of
 * explanation records, those that a policy wants too (console-and-cli.md section 8, "Secrets").
 */
export function isSecretHeader(name: string): boolean {
  return secretWords.test(name)
}
