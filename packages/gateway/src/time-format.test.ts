import { expect, test } from 'vitest'
import { formatTime, parseTimeFormat } from './time-format.ts'

const moment = new Date('2036-01-01T00:05:09.007Z')

test.each([
  ['%b %e %H:%M:%S %Y %Z', 'Jan  1 00:05:09 2036 UTC'],
  ['%s', '2082758709'],
  ['%Y-%m-%dT%H:%M:%S.%3fZ', '2036-01-01T00:05:09.007Z'],
  ['%6f|%9f|%1f|%f', '007000|007000000|0|007000000'],
  ['%A %a %B %I %p %y', 'Tuesday Tue January 12 AM 36'],
  ['%F %T %z', '2036-01-01 00:05:09 +0000'],
  ['100%%', '100%'],
])('%s', (format, text) => {
  expect(formatTime(parseTimeFormat(format), moment)).toBe(text)
})

test.each(['%Q', 'a%', '%E'])('%j is refused', (format) => {
  expect(() => parseTimeFormat(format)).toThrow(/not supported/)
})
