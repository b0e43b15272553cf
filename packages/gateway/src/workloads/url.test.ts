import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { UpstreamPool, UpstreamRequest } from '@twinlatch/wire'
import { WireError } from '@twinlatch/wire'
import { expect, test, vi } from 'vitest'
import { assertAllowed, callUrl } from './url.ts'

vi.mock('node:dns/promises', () => ({
  lookup: async (name: string) =>
    ({
      'inside.example': [{ address: '93.184.215.14' }, { address: '192.168.7.7' }],
      'outside.example': [{ address: '93.184.215.14' }],
    })[name],
}))

test.each([
  '169.254.169.254',
  '169.254.0.1',
  '::ffff:169.254.169.254',
  'fe80::1',
  'fd00:ec2::254',
  '100.100.100.200',
])('a name that leads to %s is never called', (address) => {
  expect(() => assertAllowed('innocent.example', ['192.0.2.1', address])).toThrow(
    expect.objectContaining({ code: 'gateway/upstream-address' }) as Error,
  )
})

test('loopback and private addresses are upstreams like any other', () => {
  expect(() => assertAllowed('x', ['127.0.0.1', '::1', '10.0.0.1', 'fd00::1'])).not.toThrow()
})

function poolThat(answer: (request: UpstreamRequest) => string | Error): UpstreamPool {
  return {
    stop: async () => {},
    request: async (request) => {
      const result = answer(request)
      if (result instanceof Error) throw result
      return { status: 200, headers: [], body: Readable.from([result]) }
    },
  }
}

const request = {
  method: 'GET',
  path: '/',
  headers: [],
  body: null,
  signal: new AbortController().signal,
}

test('a name below localhost is loopback, and its second address is tried when the first refuses', async () => {
  const tried: string[] = []
  const pool = poolThat(({ target }) => {
    tried.push(target.host)
    return target.host === '::1' ? 'ok' : new WireError('wire/upstream-refused', 'refused')
  })
  const target = { kind: 'url', protocol: 'http', host: 'x.localhost', port: 8080 } as const
  expect((await callUrl(pool, target, request)).status).toBe(200)
  expect(tried).toEqual(['127.0.0.1', '::1'])
})

test('what is sent again never has a body that was read', async () => {
  const tried: string[] = []
  const pool = poolThat(({ target, body }) => {
    tried.push(target.host)
    if (body instanceof Readable) body.read()
    return new WireError('wire/upstream-refused', 'refused')
  })
  const target = { kind: 'url', protocol: 'http', host: 'localhost', port: 8080 } as const
  const body = Readable.from(['x'])
  await expect(callUrl(pool, target, { ...request, body })).rejects.toThrow('refused')
  expect(tried).toEqual(['127.0.0.1'])
})

test('over TLS the name is verified although the address is called', async () => {
  const pool = poolThat(({ target }) => `${target.host} ${target.tls?.serverName}`)
  const target = { kind: 'url', protocol: 'https', host: 'a.localhost', port: 443 } as const
  const { body } = await callUrl(pool, target, request)
  expect(await textOf(body)).toBe('127.0.0.1 a.localhost')
})

test('the metadata address itself is refused', async () => {
  const target = { kind: 'url', protocol: 'http', host: '169.254.169.254', port: 80 } as const
  await expect(
    callUrl(
      poolThat(() => 'credentials'),
      target,
      request,
    ),
  ).rejects.toMatchObject({
    code: 'gateway/upstream-address',
  })
})

test.each(['inside.example', 'INSIDE.example.', 'x.localhost', '127.0.0.1', '10.0.0.1'])(
  'with public upstreams only, %s is refused whatever it resolves to, and nothing is called',
  async (host) => {
    const called = vi.fn(() => 'secrets')
    const target = { kind: 'url', protocol: 'http', host, port: 80, publicOnly: true } as const
    await expect(callUrl(poolThat(called), target, request)).rejects.toMatchObject({
      code: 'gateway/upstream-address',
      message: expect.stringContaining('gateway.upstreams.privateAddresses'),
    })
    expect(called).not.toHaveBeenCalled()
  },
)

test('with public upstreams only, a public one is called', async () => {
  const target = { kind: 'url', protocol: 'http', host: 'outside.example', port: 80 } as const
  const pool = poolThat(({ target: { host } }) => host)
  const { body } = await callUrl(pool, { ...target, publicOnly: true }, request)
  expect(await textOf(body)).toBe('93.184.215.14')
})

/** A body as it came, whole or as a stream. */
async function textOf(body: Readable | Uint8Array): Promise<string> {
  return body instanceof Readable ? await text(body) : Buffer.from(body).toString()
}

test('what was allowed for one target is not allowed for another one of the same host', async () => {
  const target = { kind: 'url', protocol: 'http', host: '127.0.0.1', port: 8080 } as const
  const pool = poolThat(({ target: { host, port } }) => `${host} ${port}`)
  for (const call of ['first', 'second']) {
    const { body } = await callUrl(pool, target, request)
    expect(body, call).toBeInstanceOf(Readable)
    await expect(
      callUrl(pool, { ...target, publicOnly: true }, request),
      call,
    ).rejects.toMatchObject({ code: 'gateway/upstream-address' })
  }
  const other = { ...target, port: 8081 }
  const { body } = await callUrl(pool, other, request)
  expect(body instanceof Readable && (await body.toArray())).toEqual(['127.0.0.1 8081'])
})
