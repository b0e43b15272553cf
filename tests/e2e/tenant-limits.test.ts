import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { remove, type Server, startServer, temporaryDirectory } from './stack.ts'

const directory = temporaryDirectory()
const home = join(directory, 'home')
let server: Server

const restart = async (config: string) => {
  await server?.end()
  writeFileSync(join(home, 'config.yaml'), config)
  server = await startServer(['--ephemeral', '--home', home])
}
beforeAll(async () => {
  mkdirSync(home, { mode: 0o700 })
  await restart('')
  expect((await apply(upstream('inside', 'http://127.0.0.1:9'))).code).toBe(0)
  await restart(
    'gateway: { upstreams: { privateAddresses: false }, hostClaims: { default: ["*.mine.localhost"] } }\n',
  )
})
afterAll(async () => {
  await server.end()
  remove(directory)
})

const apply = (text: string) => server.cli(['apply', '-f', '-'], { input: text })
const upstream = (name: string, url: string) => `
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: a, annotations: { twinlatch.dev/upstream: "${url}" } }
spec: { ports: [{ port: 80, name: http }] }
`
const gateway = (host: string) => `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: g, namespace: a }
spec:
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["${host}"]
      tls: { mode: MUTUAL, credentialName: x }
`

test.each(['http://localhost:9090', 'http://10.0.0.1', 'http://[::1]:8443'])(
  'an upstream on this machine or in a private network is refused, with the setting: %s',
  async (url) => {
    const { code, stderr } = await apply(upstream('more', url))
    expect([code, stderr]).toEqual([1, expect.stringContaining('privateAddresses')])
  },
)

test('a host that the subaccount may not claim is refused, with those it may', async () => {
  const { code, stderr } = await apply(gateway('*'))
  expect([code, stderr]).toEqual([1, expect.stringContaining('*.mine.localhost')])
})

test('what was stored before the settings keeps nobody from what they allow, and is a warning', async () => {
  const allowed = await apply(
    `${gateway('a.mine.localhost')}---${upstream('out', 'https://a.example')}`,
  )
  expect(server.output()).toContain('gateway.refused_documents')
  expect([allowed.code, allowed.stdout + allowed.stderr]).toEqual([
    0,
    expect.stringContaining('127.0.0.1 is refused'),
  ])
})
