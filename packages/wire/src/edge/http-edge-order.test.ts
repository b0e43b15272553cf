import { Readable } from 'node:stream'
import { setTimeout as after } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Exchange } from '../exchange.ts'
import { connectClient, readToEnd, readUntil, type TestListener } from '../tls/listener.fixture.ts'
import { plainListeners } from './plain-listener.fixture.ts'

const openListener = plainListeners()
const openPlain = (handle: (exchange: Exchange<string>) => Promise<void>) =>
  openListener({ handle })
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
