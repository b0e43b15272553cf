import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { run, twinlatchBin } from './stack.ts'

const client = fileURLToPath(new URL('../clients/sap-cloud-sdk', import.meta.url))

interface Seen {
  readonly url: string
  readonly authentication: string
  readonly certificates: readonly string[]
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
}

beforeAll(async () => {
  if (existsSync(join(client, 'node_modules', '@sap-cloud-sdk', 'http-client'))) return
  const answer = await run(
    'npm',
    ['install', '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'],
    { cwd: client, timeoutMs: 240_000 },
  )
  if (answer.code !== 0)
    throw new Error(`the SAP Cloud SDK could not be installed: ${answer.stderr}`)
})

test('an unmodified application on the SAP Cloud SDK finds the destination and reaches the workload with its certificate', async () => {
  const answer = await run(
    twinlatchBin,
    ['run', '--', 'node', join(client, 'app.mjs'), 'httpbin-x509'],
    {
      timeoutMs: 120_000,
    },
  )
  expect(answer.code, answer.stderr).toBe(0)
  const seen = JSON.parse(answer.stdout.trim().split('\n').at(-1) ?? '') as Seen
  expect(seen).toMatchObject({
    authentication: 'ClientCertificateAuthentication',
    certificates: ['poster-quovadis.p12'],
    status: 200,
  })
  expect(seen.url).toMatch(/^https:\/\/httpbin-x509\.mtls\.localhost:\d+$/)
  expect(seen.headers['X-Client-Ssl-Cn']).toBe(
    'CN=poster-quovadis (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
  )
  expect(seen.headers['X-Client-Ssl-Issuer']).toBe(
    'CN=Dev Client CA,OU=Twinlatch Clients,O=Twinlatch,C=DE',
  )
})

test('run passes the exit code of the command on', async () => {
  const answer = await run(twinlatchBin, ['run', '--', 'node', '-e', 'process.exit(7)'])
  expect(answer.code).toBe(7)
})

test('run sets what libraries look for, for the command only', async () => {
  const script = `
    const names = ['VCAP_SERVICES', 'VCAP_SERVICES_FILE_PATH', 'SERVICE_BINDING_ROOT', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'TWINLATCH_CONTROL_URL', 'TWINLATCH_GATEWAY_URL']
    const { readFileSync, existsSync } = require('node:fs')
    require('node:dns').lookup('any.name.localhost', (error, address) => console.log(JSON.stringify({
      missing: names.filter((name) => !process.env[name]),
      address: error ? String(error) : address,
      same: readFileSync(process.env.VCAP_SERVICES_FILE_PATH, 'utf8') === process.env.VCAP_SERVICES,
      label: JSON.parse(process.env.VCAP_SERVICES).destination[0].label,
      file: readFileSync(process.env.SERVICE_BINDING_ROOT + '/sample-app/.metadata', 'utf8').includes('clientsecret'),
    })))`
  const answer = await run(twinlatchBin, ['run', '--', 'node', '-e', script])
  expect(answer.code, answer.stderr).toBe(0)
  expect(JSON.parse(answer.stdout)).toEqual({
    missing: [],
    address: '127.0.0.1',
    same: true,
    label: 'destination',
    file: true,
  })
})
