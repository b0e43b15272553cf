import { type Certificate, formatName } from '@twinlatch/pki'
import type { z } from 'zod'
import type { Authority } from './authority.ts'
import type { CertificateWithChain, IssuedCertificate } from './certificate-authority.ts'
import type { CertificateRecord } from './certificate-record.ts'
import { pemOf } from './chain-pem.ts'
import type {
  authorityBody,
  certificateDetails,
  certificateSummary,
  issuedCertificate,
} from './http-answers.ts'

/** A line of the inventory (console-and-cli.md section 5.2: stored values only). */
export function renderRecord(record: CertificateRecord): z.infer<typeof certificateSummary> {
  return {
    id: record.id,
    name: record.name,
    subject: record.subject,
    issuer: record.issuer,
    serial: record.serial,
    sha256: record.sha256,
    notBefore: record.notBefore,
    notAfter: record.notAfter,
    status: record.status,
    profile: record.profile,
    keyType: record.keyType,
  }
}

/** A certificate with its chain and its subject in all spellings (pki.md section 2.2). */
export function renderCertificate(found: CertificateWithChain): z.infer<typeof certificateDetails> {
  const [leaf] = found.chain
  return {
    ...renderRecord(found),
    ...(leaf ? { subjectForms: subjectForms(leaf) } : {}),
    chain: found.chainPem,
  }
}

/** The answer to an order. The only place where a private key is written out, once. */
export function renderIssued(issued: IssuedCertificate): z.infer<typeof issuedCertificate> {
  const { file, fileName, privateKeyPem } = issued
  return {
    ...renderRecord(issued.record),
    subjectForms: subjectForms(issued.certificate),
    chain: pemOf(issued.chain),
    ...(file && fileName ? { file: Buffer.from(file).toString('base64'), fileName } : {}),
    ...(privateKeyPem ? { privateKeyPem: privateKeyPem.reveal() } : {}),
  }
}

/** An authority: its root's facts, and those of the certificate that signs. */
export function renderAuthority({
  name,
  profile,
  root,
  issuing,
}: Authority): z.infer<typeof authorityBody> {
  return { name, profile, ...publicFacts(root), issuing: publicFacts(issuing) }
}

function subjectForms({ subject }: Certificate) {
  return {
    rfc2253: formatName(subject, 'rfc2253'),
    openssl: formatName(subject, 'openssl'),
    slash: formatName(subject, 'slash'),
    java: formatName(subject, 'java'),
  }
}

function publicFacts(certificate: Certificate) {
  return {
    subject: formatName(certificate.subject),
    serial: certificate.serial,
    sha256: certificate.sha256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    keyType: certificate.keyDescription,
  }
}
