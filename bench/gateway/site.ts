import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createTestAuthority } from '@twinlatch/testing'
import { writeRequests } from '../machine/load.ts'

/** What every contender works with: the same names, certificates and requests. */
export interface Site {
  readonly directory: string
  /** Host name of the gateway, in SNI and `Host`. */
  readonly host: string
  readonly upstreamPort: number
  /** PEM files. */
  readonly server: { readonly certificate: string; readonly key: string; readonly both: string }
  readonly client: { readonly certificate: string; readonly key: string }
  readonly authority: string
  /** Requests for the load generator. */
  readonly requests: {
    readonly small: string
    readonly large: string
    readonly closing: string
  }
}

/** Host name under test; nobody looks it up. */
const siteHost = 'orders.bench.localhost'

/** Subject of the client `index`; client 1 is the one that calls. RFC 2253, as headers show it. */
export function subjectOf(index: number): string {
  const name = `tenant-client-${String(index).padStart(2, '0')}`
  return `CN=${name},L=kyma,OU=Canary,OU=Bench Clients,O=Twinlatch Bench,C=DE`
}

/** Makes certificates (ECDSA P-256) and request files in `directory`. */
export async function createSite(directory: string, upstreamPort: number): Promise<Site> {
  mkdirSync(directory, { recursive: true })
  const authority = await createTestAuthority({ name: 'Bench', intermediates: 0 })
  const server = await authority.issue({
    subject: `CN=${siteHost},O=Twinlatch Bench,C=DE`,
    purpose: 'server',
    subjectAltNames: [{ type: 'dns', value: siteHost }],
  })
  const client = await authority.issue({ subject: subjectOf(1) })
  const serverFiles = await server.writeTo(directory, 'server')
  const clientFiles = await client.writeTo(directory, 'client')
  const both = join(directory, 'server.pem')
  writeFileSync(both, server.chainPem + server.privateKeyPem, { mode: 0o600 })
  const requests = (name: string, text: string) => writeRequests(join(directory, name), [text])
  return {
    directory,
    host: siteHost,
    upstreamPort,
    server: { certificate: serverFiles.certificate, key: serverFiles.key, both },
    client: { certificate: clientFiles.certificate, key: clientFiles.key },
    authority: serverFiles.authority,
    requests: {
      small: requests('small.requests', requestText('/api/orders/42?expand=items')),
      large: requests('large.requests', requestText('/1m')),
      closing: requests(
        'closing.requests',
        requestText('/api/orders/42?expand=items', { more: ['Connection: close'] }),
      ),
    },
  }
}

/** A request as an application sends it, with a forged header that every contender must drop. */
export function requestText(
  path: string,
  { host = siteHost, more = [] }: { host?: string; more?: readonly string[] } = {},
): string {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: bench/1.0 (linux; x86_64)',
    'Accept: application/json',
    'Accept-Encoding: gzip, deflate, br',
    'Accept-Language: en-US,en;q=0.9',
    `Cookie: session=${'0123456789abcdef'.repeat(3)}`,
    `Authorization: Bearer ${'eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9'.repeat(6)}`,
    'X-CorrelationID: 7f3c1f9e-1c0d-4a53-9f5e-6b1a2c3d4e5f',
    'X-Forwarded-Client-Cert: spoofed',
    ...more,
    '\r\n',
  ].join('\r\n')
}
