import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { obeyedByNoTerminal, renderObject } from './terminal.ts'

test.each([
  ['an escape sequence', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
  ['a title, ended by BEL', '\u001b]0;mine\u0007', '\\u001b]0;mine\\u0007'],
  ['a sequence of one byte (C1)', '\u009b31m', '\\u009b31m'],
  ['a carriage return that hides what stood before', 'bad\rgood', 'bad\\u000dgood'],
  ['backspace, DEL and NUL', '\b\u007f\0', '\\u0008\\u007f\\u0000'],
])('%s from a server is shown, not obeyed', (_what, text, shown) => {
  expect(obeyedByNoTerminal(text)).toBe(shown)
})

test('lines, tabs and letters of any script stay as they are', () => {
  const text = 'NAME\tURL\n✓ größe 東京 👍🏽'
  expect(obeyedByNoTerminal(text)).toBe(text)
})

test.each([
  ['json', (text: string): unknown => JSON.parse(text)],
  ['yaml', (text: string): unknown => parse(text)],
] as const)('what is printed as %s still reads as the same value', (format, read) => {
  const value = { note: 'line\r\n\u001b[31m\u009b\u007f\ttab', 'na\u0007me': 'x' }
  expect(read(obeyedByNoTerminal(renderObject(value, format) ?? ''))).toEqual(value)
})
