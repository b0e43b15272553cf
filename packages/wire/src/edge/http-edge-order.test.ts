import { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { createTestAuthority } from '@twinlatch/testing'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Exchange } from '../exchange.ts'
import {
  connectClient,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  readToEnd,
  readUntil,
  settingsOf,
  type TestListener,
} from '../tls/listener.fixture.ts'

let material: Material
const open: TestListener[] = []
beforeAll(async () => {
  material = await createMaterial(createTestAuthority)
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.stop()))
})

async function openPlain(handle: (exchange: Exchange<string>) => Promise<void>) {
  const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
  const listener = await openTestListener({
    domains: domainsOf({ 'a.test.localhost': settingsOf(material, plain) }),
    handle,
  })
  open.push(listener)
  return listener
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a.test.localhost\r\n\r\n`
const targetsOf = (listener: TestListener) => listener.handled.map(({ request }) => request.target)

describe('a pipelined request', () => {
  test('waits for the last byte of the answer before it, whether the handler waits or not', async () => {
    const listener = await openPlain((exchange) => {
      const slow = Readable.from(
        (async function* () {
          yield 'first'
          await after(20)
          yield 'last'
        })(),
      )
      const answered = exchange.respond(
        { status: 200, headers: [] },
        exchange.request.target === '/slow' ? slow : 'other',
      )
      answered.catch(() => {})
      return Promise.resolve()
    })
    const client = await connectClient(listener.port)
    client.write(get('/slow') + get('/other'))
    expect(await readUntil(client, /other/)).toMatch(/first[\s\S]*last[\s\S]*other/)
    client.destroy()
  })

  test.each<[string, (exchange: Exchange<string>) => Promise<void>]>([
    ['that was broken off', (exchange) => Promise.resolve(exchange.abort())],
    [
      'whose connection was ended',
      (exchange) => {
        exchange.connection.destroy()
        return exchange.respond({ status: 200, headers: [] }, 'x')
      },
    ],
  ])('is not served behind one %s', async (_name, handle) => {
    const listener = await openPlain(handle)
    const client = await connectClient(listener.port)
    client.write(get('/first') + get('/second'))
    expect(await readToEnd(client)).toBe('')
    expect(targetsOf(listener)).toEqual(['/first'])
  })
})
