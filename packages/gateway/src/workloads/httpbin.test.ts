import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { answerHttpbin } from './httpbin.ts'
import type { WorkloadRequest } from './workload.ts'

/** A body as it came, whole or as a stream. */
async function bytesOf(body: Readable | Uint8Array): Promise<Buffer> {
  return body instanceof Readable ? await buffer(body) : Buffer.from(body)
}

interface Ask {
  readonly method?: string
  readonly headers?: [string, string][]
  readonly body?: string | Buffer
  readonly signal?: AbortSignal
}

async function ask(path: string, options: Ask = {}) {
  const request: WorkloadRequest = {
    method: options.method ?? 'GET',
    path,
    headers: [
      ['host', 'x.localhost:9443'],
      ['x-forwarded-proto', 'https'],
      ['x-forwarded-for', '192.0.2.1,127.0.0.1'],
      ...(options.headers ?? []),
    ],
    body: options.body === undefined ? null : Readable.from([Buffer.from(options.body)]),
    signal: options.signal ?? new AbortController().signal,
  }
  const response = await answerHttpbin(request)
  const bytes = await bytesOf(response.body)
  return { ...response, bytes, json: () => JSON.parse(bytes.toString()) }
}

test('headers come in title case, sorted, with repeats joined by a comma', async () => {
  const answer = await ask('/headers', {
    headers: [
      ['X-CLIENT-SSL-CN', 'CN=a'],
      ['x-a', '1'],
      ['X-A', '2'],
      ['__proto__', 'x'],
    ],
  })
  expect(answer.status).toBe(200)
  expect(answer.bytes.toString()).toContain('"X-A": "1,2",\n    "X-Client-Ssl-Cn": "CN=a"')
  expect(Object.keys(answer.json().headers)).toContain('__proto__')
})

test('get describes the request', async () => {
  expect((await ask('/get?a=1&b=2&a=3')).json()).toEqual({
    args: { a: ['1', '3'], b: '2' },
    headers: expect.objectContaining({ Host: 'x.localhost:9443' }),
    origin: '192.0.2.1,127.0.0.1',
    url: 'https://x.localhost:9443/get?a=1&b=2&a=3',
  })
})

test.each([
  ['POST', '/post'],
  ['PUT', '/put'],
  ['PATCH', '/patch'],
  ['DELETE', '/delete'],
])('%s %s echoes JSON', async (method, path) => {
  const answer = await ask(path, { method, body: '{"a":[1]}' })
  expect(answer.json()).toMatchObject({ data: '{"a":[1]}', json: { a: [1] }, form: {}, files: {} })
})

test('a form is read as a form', async () => {
  const headers: [string, string][] = [['Content-Type', 'application/x-www-form-urlencoded']]
  const answer = await ask('/post', { method: 'POST', headers, body: 'a=1&__proto__=2' })
  expect(answer.json()).toMatchObject({ data: '', form: { a: '1' } })
  expect(answer.bytes.toString()).toContain('"__proto__": "2"')
})

test('bytes that are no text come as base64', async () => {
  const answer = await ask('/post', { method: 'POST', body: Buffer.from([0xff, 0x00]) })
  expect(answer.json().data).toBe('data:application/octet-stream;base64,/wA=')
})

test('anything takes every method and path', async () => {
  const answer = await ask('/anything/x?y=1', { method: 'PROPFIND', body: 'z' })
  expect(answer.json()).toMatchObject({ method: 'PROPFIND', data: 'z', args: { y: '1' } })
})

test.each([
  ['/status/204', 204],
  ['/status/503', 503],
  ['/status/100', 400],
  ['/status/9999', 400],
  ['/status/abc', 404],
  ['/nothing', 404],
  ['/post', 405],
])('GET %s is %i', async (path, status) => {
  expect((await ask(path)).status).toBe(status)
})

test.each([
  ['/bytes/16', 16],
  ['/bytes/999999999', 102_400],
  ['/bytes/0', 0],
])('%s is bounded to %i bytes', async (path, length) => {
  expect((await ask(path)).bytes).toHaveLength(length)
})

test.each([
  ['/stream/3', 3],
  ['/stream/999999999', 100],
])('%s is bounded to %i lines', async (path, count) => {
  const lines = (await ask(path)).bytes.toString().trim().split('\n')
  expect(lines).toHaveLength(count)
  expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ id: count - 1 })
})

test('gzip is gzip', async () => {
  const answer = await ask('/gzip')
  expect(answer.headers).toContainEqual(['content-encoding', 'gzip'])
  expect(JSON.parse(gunzipSync(answer.bytes).toString())).toMatchObject({ gzipped: true })
})

test('uuid is a new one each time', async () => {
  const one = (await ask('/uuid')).json().uuid
  expect(one).toMatch(/^[0-9a-f-]{36}$/)
  expect((await ask('/uuid')).json().uuid).not.toBe(one)
})

test('a delay ends when nobody waits for it', async () => {
  const signal = AbortSignal.abort()
  await expect(ask('/delay/5', { signal })).rejects.toMatchObject({ code: 'wire/aborted' })
  expect((await ask('/delay/0')).json()).toMatchObject({ method: 'GET' })
})

test('a body larger than the echo reads is 413', async () => {
  const answer = await ask('/post', { method: 'POST', body: Buffer.alloc(1_048_577) })
  expect(answer.status).toBe(413)
})
