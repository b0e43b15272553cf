import { describe, expect, test } from 'vitest'
import { exitCodes } from './cli-error.ts'
import { collect, parseWholeNumber, printOrWatch } from './server-options.ts'

describe('a whole number', () => {
  const days = parseWholeNumber('--days', 1, 398)

  test.each([
    ['1', 1],
    ['398', 398],
    ['030', 30],
  ])('%s is %i', (text, value) => {
    expect(days(text)).toBe(value)
  })

  test.each(['', ' ', '0', '399', '-1', '1.5', '1e2', '0x10', ' 7', '7 ', 'Infinity', '٣'])(
    '"%s" is wrong usage',
    (text) => {
      expect(() => days(text)).toThrow(
        expect.objectContaining({
          exitCode: exitCodes.usage,
          message: expect.stringContaining('from 1 to 398'),
        }),
      )
    },
  )
})

test('values of a repeatable option are kept in order, the list before them untouched', () => {
  const before = collect('a')
  expect(collect('b', before)).toEqual(['a', 'b'])
  expect(before).toEqual(['a'])
})

test('an answer without lines prints no empty line', async () => {
  const printed: string[] = []
  await printOrWatch(
    false,
    (text) => printed.push(text),
    async () => '',
  )
  await printOrWatch(
    false,
    (text) => printed.push(text),
    async () => 'a',
  )
  expect(printed).toEqual(['a'])
})
