import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseFieldLines } from './field-lines.ts'
import { renderHead } from './sent-head.ts'

/** What splits a head, as often as everything else. */
const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom(
    '\r\n',
    '\r',
    '\n',
    '\r\n\r\n',
    'X: y',
    ' ',
    '\0',
    '\u010a',
    'a',
    'GET / HTTP/1.1',
  ),
)
const text = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''))
const name = text.map((value) => value.replaceAll(':', ''))

test('a head of any rows is not sent, or read back as exactly these rows', () => {
  let sent = 0
  fc.assert(
    fc.property(
      fc.oneof(fc.constant('GET'), name),
      fc.oneof(fc.constant('/a?b'), text),
      fc.array(fc.tuple(fc.oneof(fc.constant('X-A'), name), text), { maxLength: 3 }),
      (method, path, lines) => {
        const start = `${method} ${path} HTTP/1.1`
        const head = renderHead('request', [start, ...lines.map(([a, b]) => `${a}: ${b}`)])
        if (head === null) return
        sent += 1
        expect(head.slice(0, head.indexOf('\r\n')).split(' ')).toEqual([method, path, 'HTTP/1.1'])
        expect(head.endsWith('\r\n\r\n')).toBe(true)
        const trimmed = lines.map(([a, b]) => [a, b.replace(/^[\t ]+|[\t ]+$/g, '')])
        expect(parseFieldLines(head.slice(0, -2), head.indexOf('\r\n') + 2)).toEqual(trimmed)
        expect(Buffer.from(head, 'latin1').toString('latin1')).toBe(head)
      },
    ),
    { numRuns: 5_000 },
  )
  expect(sent).toBeGreaterThan(100)
})

test.each([199, 1000, 20, Number.NaN])('an answer with status %s is not sent', (status) => {
  expect(renderHead('answer', [`HTTP/1.1 ${status} OK`])).toBeNull()
  expect(renderHead('answer', ['HTTP/1.1 200 OK'])).toBe('HTTP/1.1 200 OK\r\n\r\n')
})
