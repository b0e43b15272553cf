import { connect, createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { afterEach, describe, expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { choosePorts, findFreePort, listenOnLoopback } from './listen.ts'

const open: Server[] = []
const create = () => {
  const server = createServer((socket) => socket.end('hello'))
  open.push(server)
  return server
}

afterEach(async () => {
  const listening = open.splice(0).filter((server) => server.listening)
  await Promise.all(
    listening.map((server) => new Promise<void>((done) => server.close(() => done()))),
  )
})

const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some((address) => address?.address === '::1')

function greeting(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    socket.once('data', (data) => resolve(data.toString()))
    socket.once('error', reject)
  })
}

/** Binds `host` alone. */
async function occupy(host: string): Promise<number> {
  const server = create()
  await new Promise<void>((resolve) => server.listen({ port: 0, host }, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('no address')
  return address.port
}

describe('ports', () => {
  test('are the defaults, or N, N+1 and N+4 of the five listeners, or the choice of the system', () => {
    expect(choosePorts({ ephemeral: false })).toEqual({
      control: 8443,
      gateway: 9443,
      health: 9090,
    })
    expect(choosePorts({ portBase: 18443, ephemeral: false })).toEqual({
      control: 18443,
      gateway: 18444,
      health: 18447,
    })
    expect(choosePorts({ ephemeral: true })).toEqual({ control: 0, gateway: 0, health: 0 })
  })

  test('that were named win over the choice of the system', () => {
    expect(choosePorts({ portBase: 18443, ephemeral: true }).control).toBe(18443)
  })
})

describe('a listener on loopback', () => {
  test.skipIf(!hasIpv6)('answers on both families at one port', async () => {
    const { port, servers } = await listenOnLoopback(create, 0, 'test')
    expect(servers).toHaveLength(2)
    expect(await greeting('127.0.0.1', port)).toBe('hello')
    expect(await greeting('::1', port)).toBe('hello')
  })

  test('is bound to loopback and nothing else', async () => {
    const { servers } = await listenOnLoopback(create, 0, 'test')
    const addresses = servers.map((server) => {
      const address = server.address()
      return typeof address === 'object' ? address?.address : address
    })
    expect(['127.0.0.1', '::1']).toEqual(expect.arrayContaining(addresses))
  })

  test.each(['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])])(
    'names a port in use on %s, with --port-base as the cure, and keeps nothing bound',
    async (host) => {
      const port = await occupy(host)
      const refused = listenOnLoopback(create, port, 'the control listener')
      await expect(refused).rejects.toBeInstanceOf(CliError)
      await expect(refused).rejects.toMatchObject({
        message: `Port ${port} for the control listener is in use.`,
        code: 'NET802',
        cure: expect.stringContaining('--port-base'),
      })
      expect(open.filter((server) => server.listening)).toHaveLength(1)
    },
  )

  test.skipIf(!hasIpv6)('is chosen anew when the choice is taken in the other family', async () => {
    let calls = 0
    let taken = 0
    const { port, servers } = await listenOnLoopback(
      () => {
        calls += 1
        const server = create()
        if (calls === 1) {
          // The first choice is snatched away between the two families.
          const listen = server.listen.bind(server)
          server.listen = ((options: { port: number; host: string }, done: () => void) =>
            listen(options, () => {
              const address = server.address()
              taken = typeof address === 'object' && address ? address.port : 0
              create().listen({ port: taken, host: '::1' }, done)
            })) as typeof server.listen
        }
        return server
      },
      0,
      'test',
    )
    expect(calls).toBe(4)
    expect(port).not.toBe(taken)
    expect(servers).toHaveLength(2)
  })

  test('a free port is free', async () => {
    const port = await findFreePort()
    const { port: bound } = await listenOnLoopback(create, port, 'test')
    expect(bound).toBe(port)
  })
})
