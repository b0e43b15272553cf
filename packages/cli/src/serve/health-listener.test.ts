import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHealthListener } from './health-listener.ts'

let health: Awaited<ReturnType<typeof openHealthListener>>
let serving: boolean
let storeAnswers: () => Promise<boolean>
let metrics: () => Promise<string>
let sockets: Socket[]

beforeEach(async () => {
  serving = true
  storeAnswers = async () => true
  metrics = async () => 'twinlatch_build_info 1'
  sockets = []
  health = await openHealthListener({
    port: 0,
    checks: [{ name: 'store', check: () => storeAnswers() }],
    isServing: () => serving,
    renderMetrics: () => metrics(),
  })
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  await health.stop()
})

async function get(path: string, init?: RequestInit) {
  const answer = await fetch(`http://127.0.0.1:${health.port}${path}`, init)
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

describe('answers', () => {
  test.each(['/livez', '/healthz', '/readyz'])('%s is ok', async (path) => {
    expect(await get(path)).toMatchObject({ status: 200, text: 'ok\n' })
  })

  test('are never cached', async () => {
    expect((await get('/readyz')).headers.get('cache-control')).toBe('no-store')
  })

  test('a check that says nothing is not ready, in time for a probe', async () => {
    storeAnswers = () => new Promise(() => undefined)
    const startedAt = performance.now()
    expect(await get('/readyz?verbose')).toMatchObject({
      status: 503,
      text: expect.stringContaining('[-] store'),
    })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  test('metrics come in the exposition format', async () => {
    const { headers, text } = await get('/metrics')
    expect(headers.get('content-type')).toContain('version=0.0.4')
    expect(text).toContain('twinlatch_build_info 1')
  })

  test('HEAD has the status and no body', async () => {
    expect(await get('/readyz', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' })
  })

  test('another path is 404, another method 405 with the ones that are', async () => {
    expect((await get('/')).status).toBe(404)
    expect((await get('/livez/..%2f')).status).toBe(404)
    const refused = await get('/livez', { method: 'POST', body: 'x' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test('a failure of the metrics is 500 and says nothing of it', async () => {
    metrics = async () => {
      throw new Error('inner detail')
    }
    expect(await get('/metrics')).toMatchObject({ status: 500, text: 'internal error\n' })
  })
})

describe('readiness', () => {
  test('ends with the first signal, while the process still lives', async () => {
    serving = false
    expect((await get('/readyz')).status).toBe(503)
    expect((await get('/livez')).status).toBe(200)
  })

  test.each([
    ['is false', async () => false],
    [
      'fails',
      async () => {
        throw new Error('inner detail')
      },
    ],
  ])('is over when a check %s; verbose names it and no more', async (_what, check) => {
    storeAnswers = check
    expect(await get('/readyz')).toMatchObject({ status: 503, text: 'not ready\n' })
    expect((await get('/readyz?verbose')).text).toBe('[+] serving\n[-] store\n')
    expect((await get('/readyz?a=b&verbose')).text).toBe('[+] serving\n[-] store\n')
  })
})

describe('stopping', () => {
  async function openSocket(): Promise<Socket> {
    const socket = connect(health.port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    return socket
  }

  test('does not wait for a peer that says nothing', async () => {
    await openSocket()
    await get('/livez')
    await health.stop()
  })

  test('does not wait for a peer that stops in the middle of its request', async () => {
    const socket = await openSocket()
    socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n')
    await get('/livez')
    await health.stop()
  })

  test('lets an answer that has begun arrive', async () => {
    let answer: (text: string) => void = () => {}
    const asked = new Promise<void>((resolve) => {
      metrics = () => {
        resolve()
        return new Promise((done) => {
          answer = done
        })
      }
    })
    const sent = request({ port: health.port, host: '127.0.0.1', path: '/metrics' }).end()
    const answered = once(sent, 'response')
    await asked
    const stopped = health.stop()
    answer('late')
    const [response] = await answered
    expect(response.statusCode).toBe(200)
    response.resume()
    await stopped
  })
})
