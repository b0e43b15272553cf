import type { AuditSink, Database } from '@twinlatch/store'
import { insertCertificate } from './ca-store.ts'
import type { CertificateRow } from './ca-tables.ts'
import { CaError } from './errors.ts'
import type { IssueDeps, IssueRequest } from './issue-request.ts'

/** The audit rows of a certificate that is about to be released, in the transaction of its row. */
export async function recordIssued(
  database: Database,
  row: CertificateRow,
  request: IssueRequest,
  audit: AuditSink,
): Promise<void> {
  const { order, authority, packed } = request
  const { subaccountId, actor } = request.caller
  await audit.record(database, {
    subaccountId,
    actor,
    action: 'certificate.issued',
    target: row.id,
    detail: {
      profile: row.profile,
      authority: authority.name,
      name: row.name,
      subject: row.subject,
      serial: row.serial,
      sha256: row.sha256,
      format: packed ? order.format : 'none',
      notAfter: row.not_after,
    },
  })
  if (!packed || order.format !== 'pem-secret') return
  // The only way a private key leaves in the clear, so it has a line of its own.
  await audit.record(database, {
    subaccountId,
    actor,
    action: 'key.revealed',
    target: row.id,
    detail: { serial: row.serial, name: row.name },
  })
}

/**
 * Marks the serial of something signed but wrong as failed, with its audit row (pki.md section
 * 3.2), and returns the error to throw.
 */
export async function recordFailed(
  row: CertificateRow,
  faults: readonly string[],
  { caller }: IssueRequest,
  { store, audit, log }: IssueDeps,
): Promise<CaError> {
  await store.transaction(async (database) => {
    // Neither quota nor idempotency key is spent: the caller got nothing and may try again.
    const evidence = { ...row, status: 'failed', counted: 0, idempotency_key: null }
    await insertCertificate(database, evidence)
    await audit.record(database, {
      subaccountId: caller.subaccountId,
      actor: caller.actor,
      action: 'certificate.failed',
      target: row.id,
      detail: { profile: row.profile, serial: row.serial, faults: faults.join('; ') },
    })
  })
  log.error({ event: 'certificate.failed', serial: row.serial, faults }, 'self-check failed')
  return new CaError(
    'ca/lint-failed',
    `the certificate was signed but did not pass our own check and was not released (serial ${row.serial})`,
  )
}
