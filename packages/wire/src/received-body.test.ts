import { once } from 'node:events'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { ReceivedBody } from './received-body.ts'

function bodyOf(...chunks: readonly string[]): ReceivedBody {
  const body = new ReceivedBody({ read() {} })
  for (const chunk of chunks) body.push(Buffer.from(chunk))
  return body
}

test('a complete body is taken in one piece, whatever pieces it came in, and the stream ends', async () => {
  const body = bodyOf('ab', 'c')
  body.finish()
  expect(body.takeWhole()?.toString()).toBe('abc')
  await once(body, 'close')
  expect(body.readableEnded).toBe(true)
})

test('an empty body is complete too', async () => {
  const body = bodyOf()
  body.finish()
  expect(body.takeWhole()).toHaveLength(0)
  await once(body, 'close')
})

test('a body that still arrives is not taken, and can be read as a stream', async () => {
  const body = bodyOf('ab')
  expect(body.takeWhole()).toBeNull()
  body.push(Buffer.from('c'))
  body.finish()
  expect((await buffer(body)).toString()).toBe('abc')
})

test('a body that somebody has begun to read is not taken: its beginning is gone', () => {
  const body = bodyOf('abc')
  body.read(1)
  body.finish()
  expect(body.takeWhole()).toBeNull()
})

test('a body that was given up is not taken', () => {
  const body = bodyOf('abc')
  body.finish()
  body.destroy()
  expect(body.takeWhole()).toBeNull()
})
