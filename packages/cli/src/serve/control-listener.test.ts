import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { silentLogger } from '@twinlatch/kit'
import { createTestAuthority, type TestAuthority } from '@twinlatch/testing'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type ControlListener, openControlListener } from './control-listener.ts'

let authority: TestAuthority
let control: ControlListener
let sockets: Socket[]

beforeAll(async () => {
  authority = await createTestAuthority({ name: 'Control' })
})
beforeEach(async () => {
  sockets = []
  control = await openControlListener(0, await identity('CN=first'), silentLogger)
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await control.stop()
})

const identity = (subject: string) =>
  authority.issue({
    subject,
    purpose: 'server',
    subjectAltNames: [{ type: 'dns', value: 'localhost' }],
  })

async function handshake(): Promise<{ socket: ReturnType<typeof connectTls>; name: unknown }> {
  const socket = connectTls({
    host: '127.0.0.1',
    port: control.port,
    servername: 'localhost',
    ca: authority.rootPem,
  })
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return { socket, name: socket.getPeerCertificate().subject.CN }
}

async function get(): Promise<string> {
  const { socket } = await handshake()
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

test('answers 503 until there is something to serve', async () => {
  expect(await get()).toContain('HTTP/1.1 503')
  control.serve(new Hono().get('/', (c) => c.text('served')))
  expect(await get()).toContain('served')
})

test.each([
  ['POST', 'Transfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n', '200 abc'],
  ['POST', 'Transfer-Encoding: chunked', '9\r\nabcabcabc\r\n0\r\n\r\n', '413'],
  ['POST', 'Content-Length: 3', 'abc', '200 abc'],
  ['DELETE', 'X-Nothing: 1', '', '200 '],
])('a limit of the body works for %s with %s', async (method, header, body, expected) => {
  control.serve(
    new Hono()
      .use(bodyLimit({ maxSize: 8, onError: (c) => c.text('', 413) }))
      .on(method, '/', async (c) => c.text(await c.req.text())),
  )
  const { socket } = await handshake()
  const head = `${method} / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n\r\n`
  socket.write(head + body)
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  const [line = ''] = text.split('\r\n')
  expect(`${line.split(' ')[1]} ${text.split('\r\n\r\n')[1]}`).toContain(expected)
})

test('shows a renewed certificate to new connections and leaves open ones alone', async () => {
  const { socket, name } = await handshake()
  expect(name).toBe('first')
  control.renew(await identity('CN=second'))
  expect((await handshake()).name).toBe('second')
  control.serve(new Hono().get('/', (c) => c.text('served')))
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  const [answer] = await once(socket, 'data')
  expect(String(answer)).toContain('200')
})

test('speaks no TLS below 1.2', async () => {
  const socket = connectTls({
    host: '127.0.0.1',
    port: control.port,
    maxVersion: 'TLSv1.1',
    minVersion: 'TLSv1',
    ciphers: 'DEFAULT@SECLEVEL=0',
    rejectUnauthorized: false,
  })
  sockets.push(socket)
  await expect(once(socket, 'secureConnect')).rejects.toThrow()
})

describe('stopping', () => {
  test('does not wait for a peer that never begins a handshake', async () => {
    const socket = connect(control.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    await get()
    const startedAt = performance.now()
    await control.stop()
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  test('does not wait for a peer that is done and keeps its connection', async () => {
    control.serve(new Hono().get('/', (c) => c.text('served')))
    const { socket } = await handshake()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    const startedAt = performance.now()
    await control.stop()
    expect(performance.now() - startedAt).toBeLessThan(2000)
  })

  test('lets an answer that has begun arrive', async () => {
    let finish: (text: string) => void = () => {}
    const begun = new Promise<void>((resolve) => {
      control.serve(
        new Hono().get('/', async (c) => {
          resolve()
          return c.text(
            await new Promise<string>((done) => {
              finish = done
            }),
          )
        }),
      )
    })
    const { socket } = await handshake()
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await begun
    const stopped = control.stop()
    finish('late')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toContain('late')
    await stopped
  })
})
