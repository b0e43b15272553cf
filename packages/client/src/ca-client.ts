import { z } from 'zod'
import type { Connection } from './http.ts'

/** Body of `POST /ca/certificates` (pki.md section 9). The subject is the authority's decision. */
export interface CertificateOrderBody {
  readonly commonName: string
  /** Of the PKCS#12 or the encrypted PEM key: 8 to 128 printable ASCII characters. */
  readonly password?: string
  readonly profile?: 'client' | 'partner' | 'server'
  readonly validity?: {
    readonly value: number
    readonly unit: 'HOURS' | 'DAYS' | 'MONTHS' | 'YEARS'
  }
  readonly keyType?: 'rsa2048' | 'rsa4096' | 'ec-p256' | 'ec-p384'
  /** Replaces the profile's fixed OUs; the subaccount's OU and L always stay. */
  readonly organizationalUnits?: readonly string[]
  readonly userId?: string
  readonly san?: readonly {
    readonly type: 'dns' | 'uri' | 'email' | 'ip'
    readonly value: string
  }[]
  /** `pem-secret` returns the key unencrypted, for a Kubernetes TLS Secret; audited. */
  readonly format?: 'modern' | 'compat' | 'pem' | 'pem-secret'
  readonly ifMissing?: boolean
}

const summary = z.looseObject({
  id: z.string(),
  name: z.string(),
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  sha256: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  status: z.string(),
  profile: z.string(),
})

const details = summary.extend({
  subjectForms: z.looseObject({
    rfc2253: z.string(),
    openssl: z.string(),
    slash: z.string(),
    java: z.string(),
  }),
  keyType: z.string(),
  /** PEM, leaf first, root last. */
  chain: z.string(),
})

const issued = details.extend({
  /** base64 of the keystore, exactly once: the server keeps no copy. */
  file: z.string().optional(),
  fileName: z.string().optional(),
  privateKeyPem: z.string().optional(),
})

const issuing = z.looseObject({
  subject: z.string(),
  serial: z.string(),
  sha256: z.string(),
  notBefore: z.string(),
  notAfter: z.string(),
  keyType: z.string(),
})

const authority = issuing.extend({ name: z.string(), profile: z.string(), issuing })

const finding = z.looseObject({
  code: z.string(),
  level: z.string(),
  text: z.string(),
  cure: z.string().nullish(),
})

const inspection = z.looseObject({
  kind: z.string(),
  description: z.string(),
  opened: z.boolean(),
  password: z.string(),
  findings: z.array(finding),
  certificates: z.array(z.looseObject({ subject: z.string() })),
})

/** A certificate in the inventory: stored facts only. */
export type CertificateSummary = z.infer<typeof summary>
/** One certificate with its chain, without any key. */
export type CertificateDetails = z.infer<typeof details>
/** The answer to an order. Without `file` and `privateKeyPem` when an existing certificate answered. */
export type IssuedCertificateBody = z.infer<typeof issued>
/** An authority: its root, and the intermediate that signs. */
export type AuthorityBody = z.infer<typeof authority>

type KeystoreInspection = z.infer<typeof inspection>

/** Calls of `/ca` (pki.md section 9). */
export interface CaClient {
  /** Never retried: a second call would mint a second certificate, unless the key is the same. */
  issue(
    order: CertificateOrderBody,
    options?: { idempotencyKey?: string; signal?: AbortSignal },
  ): Promise<IssuedCertificateBody>
  list(filter?: { name?: string; profile?: string }): Promise<CertificateSummary[]>
  /** By id, name (the newest of that name) or serial. */
  show(idOrName: string): Promise<CertificateDetails>
  authorities(): Promise<AuthorityBody[]>
  /** PEM of the authority's root: what a server puts into its client trust bundle. */
  bundle(authority: string): Promise<string>
  /** PEM of issuing certificate and root. */
  chain(authority: string): Promise<string>
  /** PEM of all roots. */
  roots(): Promise<string>
  /** What is in a keystore; nothing is stored. */
  inspectKeystore(file: {
    bytes: Uint8Array
    name: string
    password?: string
  }): Promise<KeystoreInspection>
}

/** A client of the authority behind `connection`. */
export function createCaClient(connection: Connection): CaClient {
  const pem = (path: string) => connection.text({ method: 'GET', path })
  return {
    issue: (order, options = {}) =>
      connection.json(
        {
          method: 'POST',
          path: '/ca/certificates',
          json: order,
          headers: options.idempotencyKey ? { 'idempotency-key': options.idempotencyKey } : {},
          signal: options.signal,
        },
        issued,
      ),
    list: (filter = {}) =>
      connection.json(
        { method: 'GET', path: '/ca/certificates', query: { ...filter } },
        z.array(summary),
      ),
    show: (idOrName) =>
      connection.json(
        { method: 'GET', path: `/ca/certificates/${encodeURIComponent(idOrName)}` },
        details,
      ),
    authorities: () =>
      connection.json({ method: 'GET', path: '/ca/authorities' }, z.array(authority)),
    bundle: (name) => pem(`/ca/authorities/${encodeURIComponent(name)}/bundle.pem`),
    chain: (name) => pem(`/ca/authorities/${encodeURIComponent(name)}/chain.pem`),
    roots: () => pem('/ca/roots.pem'),
    inspectKeystore: ({ bytes, name, password }) => {
      const form = new FormData()
      form.set('file', new Blob([bytes.slice()]), name)
      if (password !== undefined) form.set('password', password)
      return connection.json({ method: 'POST', path: '/ca/keystores/inspect', form }, inspection)
    },
  }
}
