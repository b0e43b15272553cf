import { execFileSync } from 'node:child_process'
import { createHash, generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Child, Children } from '../machine/children.ts'
import { writeRequests } from '../machine/load.ts'

/** Tokens are good for one certificate each, so they are made before: more than can be used. */
const tokens = 12_000
const provisioner = 'bench'

/** Starts step-ca with a P-256 authority and its own database, and leaves `step-ca.requests`. */
export function startStepCa(
  path: string,
  at: { readonly port: number; readonly directory: string; readonly children: Children },
): { child: Child; requests: string } {
  const directory = join(at.directory, 'step-ca')
  mkdirSync(directory, { recursive: true })
  const file = (name: string) => join(directory, name)
  const openssl = (...options: string[]) => execFileSync('openssl', options, { stdio: 'ignore' })
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    ...['req', '-x509', ...curve, '-keyout', file('ca.key'), '-out', file('ca.crt')],
    ...['-subj', '/O=Bench/CN=Bench CA', '-days', '30'],
    ...['-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  )
  openssl(
    ...['req', '-new', ...curve, '-keyout', file('leaf.key'), '-out', file('leaf.csr')],
    ...['-subj', '/CN=client.bench', '-addext', 'subjectAltName=DNS:client.bench'],
  )
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = publicKey.export({ format: 'jwk' })
  const { crv, kty, x, y } = jwk
  const kid = createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url')
  const configuration = {
    root: file('ca.crt'),
    crt: file('ca.crt'),
    key: file('ca.key'),
    address: `127.0.0.1:${at.port}`,
    dnsNames: ['localhost'],
    logger: { format: 'text' },
    db: { type: 'badgerv2', dataSource: file('db') },
    authority: {
      provisioners: [
        { type: 'JWK', name: provisioner, key: { ...jwk, use: 'sig', alg: 'ES256', kid } },
      ],
    },
  }
  writeFileSync(file('ca.json'), JSON.stringify(configuration))
  const csr = readFileSync(file('leaf.csr'), 'utf8')
  const requests = Array.from({ length: tokens }, () => {
    const body = JSON.stringify({ csr, ott: oneTimeToken(privateKey, kid, at.port) })
    return [
      'POST /1.0/sign HTTP/1.1',
      `Host: localhost:${at.port}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n')
  })
  const written = writeRequests(join(at.directory, 'step-ca.requests'), requests)
  const child = at.children.start('step-ca', 'measured', [path, file('ca.json')])
  return { child, requests: written }
}

function oneTimeToken(key: KeyObject, kid: string, port: number): string {
  const now = Math.floor(Date.now() / 1_000)
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const head = part({ alg: 'ES256', kid, typ: 'JWT' })
  const claims = part({
    aud: `https://localhost:${port}/1.0/sign`,
    iss: provisioner,
    sub: 'client.bench',
    sans: ['client.bench'],
    jti: randomUUID(),
    // Tokens from before its start are refused, those of the next minute are not.
    iat: now + 30,
    nbf: now - 60,
    exp: now + 3_000,
  })
  const text = `${head}.${claims}`
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}
