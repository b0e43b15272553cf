import { Secret } from '@twinlatch/kit'
import { expect, test } from 'vitest'
import { passwordFault } from './password.ts'

test.each([
  ['8 characters', 'x'.repeat(8), null],
  ['128 characters', '~'.repeat(128), null],
  ['blanks count', '        ', null],
  ['7 characters', 'x'.repeat(7), /at least 8/],
  ['129 characters', 'x'.repeat(129), /at most 128/],
  ['nothing', '', /at least 8/],
  ['an umlaut, because Java refuses it', 'pässword1', /Java/],
  ['a tab', 'pass\tword', /Java/],
  ['DEL', 'password\x7f', /Java/],
  ['an emoji', 'password🔑', /Java/],
])('%s', (_, text, expected) => {
  const fault = passwordFault(new Secret(text))
  if (expected === null) expect(fault).toBeNull()
  else expect(fault).toMatch(expected)
  if (text.length > 0 && fault) expect(fault).not.toContain(text)
})
