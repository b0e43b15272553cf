import { expect, test } from 'vitest'
import { compileRegex } from './regex.ts'

test.each([
  ['a|b', 'b', true],
  ['a|b', 'ab', false],
  ['.*', 'a\nb', true],
  ['(?i)abc', 'ABC', true],
  ['\\d+', '٣', false],
  ['[[:alpha:]]+', 'abc', true],
  ['', '', true],
])('%j against %j', (pattern, text, matches) => {
  expect(compileRegex(pattern)(text)).toBe(matches)
})

test.each(['(?=a)', '(?<!a)', '(a)\\1', '*', '(', 'a)|(?:b', 'a{2000}'])(
  '%s is refused',
  (pattern) => {
    expect(() => compileRegex(pattern)).toThrow(expect.objectContaining({ code: 'gateway/regex' }))
  },
)

test('a pattern that makes backtracking engines hang is answered in linear time', () => {
  const matches = compileRegex('(a+)+b')
  const startedAt = performance.now()
  expect(matches('a'.repeat(20_000))).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(2000)
})
