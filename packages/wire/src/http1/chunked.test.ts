import { expect, test } from 'vitest'
import { ChunkedDecoder } from './chunked.ts'

test('the chunks that came in one piece are handed on as one, however many they are', () => {
  const decoder = new ChunkedDecoder()
  const data: string[] = []
  const body = Buffer.from(`${'1\r\nx\r\n'.repeat(1_000)}3\r\nab`)
  expect(decoder.push(body, (piece) => data.push(String(piece)))).toBe(body.length)
  decoder.push(Buffer.from('c\r\n0\r\n\r\n'), (piece) => data.push(String(piece)))
  expect(data).toEqual([`${'x'.repeat(1_000)}ab`, 'c'])
  expect(decoder.done).toBe(true)
})
