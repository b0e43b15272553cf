import { z } from 'zod'
import { filledList, refusedField } from '../field.ts'

/** TLS 1.2 suites of Istio's list (gateway.md section 2.2). */
const cipherSuiteNames = new Set([
  ...['ECDHE-ECDSA', 'ECDHE-RSA'].flatMap((exchange) =>
    ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305', 'AES128-SHA', 'AES256-SHA'].map(
      (cipher) => `${exchange}-${cipher}`,
    ),
  ),
  ...['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA', 'AES256-SHA', 'DES-CBC3-SHA'],
])

const cipherSuite = z.string().refine((name) => cipherSuiteNames.has(name), {
  error: (issue) =>
    String(issue.input).startsWith('TLS_')
      ? `"${String(issue.input)}": suites of TLS 1.3 cannot be chosen; list OpenSSL names of TLS 1.2`
      : `"${String(issue.input)}" is not one of ${[...cipherSuiteNames].join(', ')}`,
})

const tlsVersion = z
  .enum(['TLS_AUTO', 'TLSV1_0', 'TLSV1_1', 'TLSV1_2', 'TLSV1_3'])
  .refine((version) => version !== 'TLSV1_0' && version !== 'TLSV1_1', {
    error: 'TLS 1.0 and 1.1 are refused (RFC 8996): use TLSV1_2 or TLSV1_3',
  })

/** Hex SHA-256 with or without colons, to lower case without. */
const certificateHash = z.string().transform((text, context) => {
  const hash = text.replaceAll(':', '').toLowerCase()
  const formed = /^[0-9a-f]{64}$/.test(hash) && (text.length === 64 || /^(..:){31}..$/.test(text))
  if (!formed) context.addIssue('not a hex SHA-256 (64 digits, or 32 pairs with ":")')
  return hash
})

const spkiHash = z.string().refine(isSpkiHash, 'not the base64 of a SHA-256 (44 characters)')

/** 32 bytes have one canonical text: anything else could never be equal to a computed one. */
function isSpkiHash(text: string): boolean {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === 32 && bytes.toString('base64') === text
}

const mode = z
  .enum(['PASSTHROUGH', 'SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL'])
  .prefault('PASSTHROUGH')
  .refine((value) => !['PASSTHROUGH', 'AUTO_PASSTHROUGH', 'ISTIO_MUTUAL'].includes(value), {
    error: (issue) =>
      issue.input === 'PASSTHROUGH'
        ? 'mode PASSTHROUGH, also the meaning of an absent mode, is not built yet: ' +
          'name SIMPLE, MUTUAL or OPTIONAL_MUTUAL'
        : `mode ${String(issue.input)} is not supported: use SIMPLE, MUTUAL or OPTIONAL_MUTUAL`,
  })

const filePath = 'certificates by file path are not built yet: use credentialName'

const fields = z.strictObject({
  mode,
  credentialName: z.string().min(1).max(253).optional(),
  caCertCredentialName: z.string().min(1).max(520).optional(),
  subjectAltNames: filledList(z.string().min(1)).optional(),
  verifyCertificateHash: filledList(certificateHash).optional(),
  verifyCertificateSpki: filledList(spkiHash).optional(),
  minProtocolVersion: tlsVersion.optional(),
  maxProtocolVersion: tlsVersion.optional(),
  cipherSuites: filledList(cipherSuite).optional(),
  insecureSkipVerify: z
    .boolean()
    .refine(
      (value) => !value,
      'insecureSkipVerify lets every certificate in, forged ones too: use MUTUAL with the ' +
        "client's self-signed certificate as CA and verifyCertificateHash",
    )
    .optional(),
  httpsRedirect: z
    .boolean()
    .refine(
      (value) => !value,
      'httpsRedirect is legal on HTTP servers only, which are not built yet',
    )
    .optional(),
  credentialNames: refusedField('credentialNames is not built yet: use credentialName'),
  tlsCertificates: refusedField(filePath),
  serverCertificate: refusedField(filePath),
  privateKey: refusedField(filePath),
  caCertificates: refusedField('a CA by file path is not built yet: use caCertCredentialName'),
  caCrl: refusedField('with credentialName the CRL belongs into the secret of the CA, key "crl"'),
  ecdhCurves: refusedField(
    'no field of a Gateway: Istio has it in MeshConfig tlsDefaults.ecdhCurves',
  ),
})

const clientFields = [
  'caCertCredentialName',
  'subjectAltNames',
  'verifyCertificateHash',
  'verifyCertificateSpki',
] as const

/** `servers[].tls` of a terminating server (gateway.md section 2.2). */
export const serverTls = fields.superRefine((tls, context) => {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message })
  if (tls.credentialName === undefined) issue('credentialName', 'missing: names the server secret')
  if (tls.mode === 'SIMPLE') {
    for (const field of clientFields) {
      if (tls[field] !== undefined) {
        issue(field, 'SIMPLE asks for no client certificate: use MUTUAL or OPTIONAL_MUTUAL')
      }
    }
  }
  if (tls.minProtocolVersion === 'TLSV1_3' && tls.maxProtocolVersion === 'TLSV1_2') {
    issue('minProtocolVersion', 'above maxProtocolVersion')
  }
  const configMap = tls.caCertCredentialName?.includes('://')
  if (configMap && !/^configmap:\/\/[^/]+\/[^/]+$/.test(tls.caCertCredentialName ?? '')) {
    issue('caCertCredentialName', 'not a secret name or configmap://<namespace>/<name>')
  }
})
