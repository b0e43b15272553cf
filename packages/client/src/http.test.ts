import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createCaClient } from './ca-client.ts'
import { ClientError } from './client-error.ts'
import { createControlClient } from './control-client.ts'
import { createDestinationClient } from './destination-client.ts'
import { type Call, type ConnectionSettings, createConnection } from './http.ts'
import { createTokenClient } from './token-client.ts'

type Seen = { url: string; init: RequestInit }

function answering(response: Response | Error, settings: Partial<ConnectionSettings> = {}) {
  const seen: Seen[] = []
  const connection = createConnection({
    baseUrl: 'https://localhost:8443/',
    fetch: async (url, init) => {
      seen.push({ url, init })
      if (response instanceof Error) throw response
      return response
    },
    ...settings,
  })
  return { connection, seen }
}

const get: Call = { method: 'GET', path: '/x' }

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ClientError)
  return error as ClientError
}

test('a call carries token and subaccount, and its JSON is checked', async () => {
  const { connection, seen } = answering(Response.json({ a: 1, extra: true }), {
    token: async () => 'tok',
    subaccount: 'acme',
  })
  const answer = await connection.json(
    { method: 'POST', path: '/x', query: { q: 'a b', none: undefined }, json: { b: 2 } },
    z.looseObject({ a: z.number() }),
  )
  expect(answer).toEqual({ a: 1, extra: true })
  expect(seen[0]?.url).toBe('https://localhost:8443/x?q=a+b')
  expect(seen[0]?.init.body).toBe('{"b":2}')
  expect(seen[0]?.init.headers).toMatchObject({
    authorization: 'Bearer tok',
    'x-twinlatch-subaccount': 'acme',
    'content-type': 'application/json',
  })
  expect(seen[0]?.init.redirect).toBe('manual')
})

test.each([
  [
    'a problem document',
    422,
    '{"title":"Unprocessable Content","detail":"no","code":"ca/x","errors":[{"path":"a","message":"b"}]}',
    { code: 'ca/x', message: 'no' },
  ],
  [
    'an error of the destination API',
    404,
    '{"ErrorMessage":"gone"}',
    { code: 'client/refused', message: 'gone' },
  ],
  [
    'an OAuth error',
    401,
    '{"error":"invalid_client","error_description":"Bad credentials"}',
    { code: 'invalid_client', message: 'Bad credentials' },
  ],
  [
    'a page of a proxy',
    502,
    '<html>secret stuff</html>',
    { code: 'client/refused', message: 'GET /x answered 502' },
  ],
  [
    'a redirect, which is not followed',
    302,
    '',
    { code: 'client/refused', message: 'GET /x answered 302' },
  ],
])('%s becomes a ClientError', async (_, status, body, expected) => {
  const error = await failureOf(answering(new Response(body, { status })).connection.text(get))
  expect(error).toMatchObject({ status, ...expected })
})

test('every fault of a problem document is kept with its place', async () => {
  const body = '{"detail":"no","errors":[{"path":"a.b","message":"c","file":"f.yaml"}]}'
  const error = await failureOf(answering(new Response(body, { status: 422 })).connection.text(get))
  expect(error.problem?.errors).toEqual([{ path: 'a.b', message: 'c', file: 'f.yaml' }])
})

test('an answer of another shape is named by its place', async () => {
  const { connection } = answering(Response.json({ a: 'text' }))
  const error = await failureOf(connection.json(get, z.object({ a: z.number() })))
  expect(error).toMatchObject({ code: 'client/unexpected-answer' })
  expect(error.message).toContain('"a"')
})

test('a refused connection tells the reason that fetch hides in its cause', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  const connection = createConnection({ baseUrl: `http://127.0.0.1:${port}`, fetch })
  const error = await failureOf(connection.text(get))
  expect(error).toMatchObject({ status: 0, code: 'client/unreachable' })
  expect(error.message).toContain('ECONNREFUSED')
})

test('a server that never answers is a timeout, an abort is the caller’s reason', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    const error = await failureOf(createConnection({ baseUrl, fetch, timeoutMs: 50 }).text(get))
    expect(error).toMatchObject({ status: 0, code: 'client/timeout' })
    const reason = new Error('enough')
    const call = { ...get, signal: AbortSignal.abort(reason) }
    await expect(createConnection({ baseUrl, fetch }).text(call)).rejects.toBe(reason)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('an endless answer is cut off', async () => {
  const part = new Uint8Array(1024 * 1024)
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(part) })
  const error = await failureOf(answering(new Response(endless)).connection.text(get))
  expect(error.code).toBe('client/answer-too-large')
})

test('names in paths are encoded', async () => {
  const { connection, seen } = answering(Response.json([]))
  const certificates = createCaClient(connection).show('a/../b?c')
  await failureOf(certificates)
  expect(seen[0]?.url).toBe('https://localhost:8443/ca/certificates/a%2F..%2Fb%3Fc')
})

test('Find asks with the dollar parameters of the service', async () => {
  const { connection, seen } = answering(
    Response.json({ owner: { SubaccountId: 's', InstanceId: null }, destinationConfiguration: {} }),
  )
  await createDestinationClient(connection).find('d', { skipTokenRetrieval: true })
  expect(seen[0]?.url).toBe(
    'https://localhost:8443/destination-configuration/v1/destinations/d?%24skipTokenRetrieval=true',
  )
})

test('client_credentials sends id and secret in the body', async () => {
  const { connection, seen } = answering(
    Response.json({ access_token: 't', token_type: 'bearer', expires_in: 43199 }),
  )
  await createTokenClient(connection).clientCredentials({ clientId: 'a!b|c', clientSecret: 's+&' })
  expect(String(seen[0]?.init.body)).toBe(
    'grant_type=client_credentials&client_id=a%21b%7Cc&client_secret=s%2B%26',
  )
})

test('apply sends files as they are', async () => {
  const { connection, seen } = answering(Response.json({ results: [] }))
  await createControlClient(connection).apply([{ name: 'a.yaml', text: 'kind: X' }], {
    dryRun: true,
  })
  expect(JSON.parse(String(seen[0]?.init.body))).toEqual({
    files: [{ name: 'a.yaml', text: 'kind: X' }],
    dryRun: true,
  })
})
