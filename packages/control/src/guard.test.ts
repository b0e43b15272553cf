import { Hono } from 'hono'
import { expect, test } from 'vitest'
import { guardControl } from './guard.ts'

const hosts = ['localhost', '127.0.0.1', '[::1]', 'authentication.localhost']
let reached = 0
const app = new Hono().use(guardControl({ hosts, port: 8443 })).all('*', (c) => {
  reached += 1
  return c.text('in')
})
const call = (headers: Record<string, string>, method = 'GET') =>
  app.request('/api/status', { method, headers })

test.each([
  'localhost:8443',
  'LOCALHOST:8443',
  '127.0.0.1:8443',
  '[::1]:8443',
  'authentication.localhost:8443',
])('the host %s is answered', async (host) => {
  expect((await call({ host })).status).toBe(200)
})

test.each([
  'evil.example',
  'evil.example:8443',
  'localhost.evil.example:8443',
  'localhost',
  'localhost:8444',
  'localhost:8443:8443',
  'localhost:8443@evil.example',
  'evil.example#localhost:8443',
  '[::2]:8443',
  '',
])('the host %j gets 421 and reaches nothing', async (host) => {
  reached = 0
  const response = await call({ host })
  expect(response.status).toBe(421)
  expect(response.headers.get('content-type')).toBe('application/problem+json')
  expect(reached).toBe(0)
})

test('a request without a host gets 421', async () => {
  expect((await call({})).status).toBe(421)
})

test.each(['https://localhost:8443', 'HTTPS://LOCALHOST:8443'])(
  'the own origin %s is let in',
  async (origin) => {
    expect((await call({ host: 'localhost:8443', origin }, 'POST')).status).toBe(200)
  },
)

test.each([
  'https://evil.example',
  'http://localhost:8443',
  'https://localhost',
  'https://localhost:8444',
  'https://localhost:8443.evil.example',
  'https://127.0.0.1:8443',
  'null',
  '',
])('the origin %j gets 403 and reaches nothing', async (origin) => {
  reached = 0
  for (const method of ['GET', 'POST', 'OPTIONS']) {
    const response = await call({ host: 'localhost:8443', origin }, method)
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
  }
  expect(reached).toBe(0)
})

test('on port 443 the port may be left out, in both', async () => {
  const standard = new Hono().use(guardControl({ hosts, port: 443 })).all('*', (c) => c.text('in'))
  const on443 = (headers: Record<string, string>) => standard.request('/', { headers })
  expect((await on443({ host: 'localhost', origin: 'https://localhost' })).status).toBe(200)
  expect((await on443({ host: 'localhost:443', origin: 'https://localhost' })).status).toBe(200)
  expect((await on443({ host: 'localhost', origin: 'https://evil.example' })).status).toBe(403)
})
