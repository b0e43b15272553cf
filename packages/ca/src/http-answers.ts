import { z } from 'zod'
import { profileNames } from './default-profiles.ts'

const subjectForms = z.object({
  rfc2253: z.string(),
  openssl: z.string(),
  slash: z.string(),
  java: z.string(),
})

/** A line of the inventory: stored facts only. */
export const certificateSummary = z
  .object({
    id: z.string(),
    name: z.string(),
    subject: z.string(),
    issuer: z.string(),
    serial: z.string(),
    sha256: z.string(),
    notBefore: z.iso.datetime(),
    notAfter: z.iso.datetime(),
    status: z.string(),
    profile: z.string(),
    keyType: z.string(),
  })
  .meta({ id: 'CertificateSummary' })

/** One certificate with its chain. A failed one may have no bytes, and so no forms of its subject. */
export const certificateDetails = certificateSummary
  .extend({
    subjectForms: subjectForms.optional(),
    chain: z.string().meta({ description: 'PEM, leaf first, root last.' }),
  })
  .meta({ id: 'CertificateDetails' })

/** The answer to an order; its key is in it once, or never when an existing certificate answers. */
export const issuedCertificate = certificateDetails
  .extend({
    subjectForms,
    file: z.base64().optional().meta({ description: 'The keystore, PKCS#12 or PEM.' }),
    fileName: z.string().optional(),
    privateKeyPem: z.string().optional(),
  })
  .meta({ id: 'IssuedCertificate' })

const publicFacts = z.object({
  subject: z.string(),
  serial: z.string(),
  sha256: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  keyType: z.string(),
})

/** An authority: its root, and the intermediate that signs. */
export const authorityBody = publicFacts
  .extend({ name: z.string(), profile: z.enum(profileNames), issuing: publicFacts })
  .meta({ id: 'Authority' })

const finding = z.object({
  code: z.string(),
  level: z.enum(['error', 'warn', 'info']),
  text: z.string(),
  cure: z.string().nullable(),
})

const reportedCertificate = z.object({
  number: z.int(),
  role: z.enum(['leaf', 'issuer', 'root', 'other']),
  alias: z.string().nullable(),
  subject: z.string(),
  issuer: z.string(),
  subjectForms,
  serial: z.string(),
  sha256: z.string(),
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  daysLeft: z.int(),
  key: z.string(),
  signatureAlgorithm: z.string(),
  extendedKeyUsage: z.array(z.string()).readonly().nullable(),
})

/** What is in a keystore: the report of `pki`, which owns the type because it works offline too. */
export const keystoreReport = z
  .object({
    kind: z.string(),
    fileName: z.string(),
    description: z.string(),
    opened: z.boolean(),
    password: z.enum(['right', 'wrong', 'missing', 'not-needed', 'not-tried']),
    findings: z.array(finding).readonly(),
    keys: z
      .array(
        z.object({
          key: z.string(),
          alias: z.string().nullable(),
          certificate: z.int().nullable(),
        }),
      )
      .readonly(),
    certificates: z.array(reportedCertificate).readonly(),
    missingIssuer: z.object({ subject: z.string(), likelyRoot: z.boolean() }).nullable(),
  })
  .meta({ id: 'KeystoreReport' })

/** A value of `keystoreReport`, which every report of `pki` is. */
export type KeystoreReportBody = z.infer<typeof keystoreReport>
