import { expect, test } from 'vitest'
import { compileRegex } from './regex.ts'
import { regexSize } from './regex-size.ts'

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

test.each([
  ['a text of 1 025 characters', 'a'.repeat(1025), /1024 characters/],
  ['ten thousand choices', 'a?'.repeat(10_000), /characters/],
  ['a long group a thousand times', `(${'a'.repeat(900)}){1000}`, /1000 steps/],
  ['a hundred and forty long repeats', 'a{1000}'.repeat(140), /1000 steps/],
  ['repeats of a class that was not closed', `[[:word:]${'{1,1000}]*word:]'.repeat(50)}`, /steps/],
  ['letters of any case far beyond ASCII', `(?i)[${'B-\u{1E000}'.repeat(200)}]`, /ASCII/],
  ['the same by their numbers', `(?i)[${'\\x{42}-\\x{1E000}'.repeat(50)}]`, /ASCII/],
  ['repeats of repeats', '(?:(?:a?){30}){30}', /1000 steps/],
])('%s is refused, as every request would pay for it', (_, pattern, message) => {
  const begin = process.threadCpuUsage()
  expect(() => compileRegex(pattern)).toThrow(
    expect.objectContaining({ code: 'gateway/regex', message: expect.stringMatching(message) }),
  )
  expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(100)
})

test.each([
  ['[{1,1000}]', '{', true],
  ['\\{1000\\}{2}', '{1000}}', true],
  ['\\Q{1000}{1000}\\E', '{1000}{1000}', true],
  ['[]{1000}a]{3}', 'a]a', true],
  ['(?i)[a-z]{1,64}\\.Example', 'a.eXAMPLE', true],
  ['é{2}', 'éé', true],
])('%s is small enough, and %j matches', (pattern, text, matches) => {
  expect(compileRegex(pattern)(text)).toBe(matches)
})

test.each(['[:', '[[:', '(?i)[', '\\Q', '{', '[a', '[]'])(
  'a kilobyte of %s is measured in no time',
  (piece) => {
    const begin = process.threadCpuUsage()
    for (const end of ['', ']', ':]']) regexSize(piece.repeat(1024 / piece.length) + end)
    expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(100)
  },
)

test('the largest pattern meets the longest path in time', () => {
  const matches = compileRegex('(?:a{0,30}){16}')
  const begin = process.threadCpuUsage()
  expect(matches('a'.repeat(60_000))).toBe(false)
  expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(500)
})

test('a pattern that makes backtracking engines hang is answered in linear time', () => {
  const matches = compileRegex('(a+)+b')
  const startedAt = performance.now()
  expect(matches('a'.repeat(20_000))).toBe(false)
  expect(performance.now() - startedAt).toBeLessThan(2000)
})
