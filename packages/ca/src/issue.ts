import { messageOf, newId } from '@twinlatch/kit'
import {
  type Certificate,
  encodePem,
  formatName,
  issueCertificate,
  newSerial,
  PkiError,
} from '@twinlatch/pki'
import { findUnexpired, insertCertificate } from './ca-store.ts'
import type { CertificateRow } from './ca-tables.ts'
import { recordOf } from './certificate-record.ts'
import { assertNotIssuedBefore } from './idempotency.ts'
import { recordFailed, recordIssued } from './issue-evidence.ts'
import type { IssueDeps, IssueRequest, IssueResult } from './issue-request.ts'
import { type KeyPackage, packKey } from './keystore.ts'
import { assertQuota } from './quota.ts'
import { selfCheck } from './self-check.ts'

/** A serial has 120 random bits: a second collision in a row is a broken random generator. */
const serialAttemptsMax = 3

/**
 * Signs, packs, checks its own output, and only then stores the row and its audit row, in one
 * transaction; nothing is handed out that is not in the inventory. What fails the check is stored
 * as `failed`, because its serial was used (pki.md section 3.2).
 */
export async function issue(request: IssueRequest, deps: IssueDeps): Promise<IssueResult> {
  for (let attempt = 1; attempt <= serialAttemptsMax; attempt++) {
    const result = await release(await make(request, deps), request, deps)
    if (result !== 'serial-taken') return result
  }
  throw new TypeError('random serial numbers repeat')
}

interface Made {
  readonly row: CertificateRow
  readonly chain: readonly Certificate[]
  readonly packed: KeyPackage | null
}

async function make(request: IssueRequest, deps: IssueDeps): Promise<Made> {
  const { order, authority, key } = request
  const now = deps.clock.now()
  const serial = newSerial()
  const certificate = await sign(request, serial).catch(async (error: unknown) => {
    // Before any other error nothing was signed; with this one, something was, and it is wrong.
    if (!(error instanceof PkiError && error.code === 'pki/self-check-failed')) throw error
    const row = rowOf(request, { serial, now, certificate: null })
    throw await recordFailed(row, [error.message], request, deps)
  })
  const row = rowOf(request, { serial, now, certificate })
  const content = {
    privateKey: key.privateKey,
    chain: [certificate, authority.issuing, authority.root],
    name: order.name,
    password: order.password,
  }
  const packed = request.packed
    ? await packKey(order.format, content).catch(async (error: unknown) => {
        const fault = `it cannot be packed: ${messageOf(error)}`
        throw await recordFailed(row, [fault], request, deps)
      })
    : null
  const { publicKey } = key
  const signed = { order, authority, serial, certificate, publicKey, now, packed, content }
  const faults = await selfCheck(signed)
  if (faults.length > 0) throw await recordFailed(row, faults, request, deps)
  return { row, chain: content.chain, packed }
}

function sign({ order, authority, key }: IssueRequest, serial: string): Promise<Certificate> {
  return issueCertificate(
    {
      subject: order.subject,
      publicKey: key.publicKey,
      serial,
      ...order.validity,
      keyUsage: order.profile.keyUsage,
      extendedKeyUsage: order.profile.extendedKeyUsage,
      subjectAltNames: order.subjectAltNames,
    },
    { certificate: authority.issuing },
    authority.signer,
  )
}

async function release(
  { row, chain, packed }: Made,
  request: IssueRequest,
  deps: IssueDeps,
): Promise<IssueResult | 'serial-taken'> {
  const { caller, counted, ifMissing, idempotencyKey } = request
  const result = await deps.store.transaction(async (database) => {
    if (ifMissing) {
      const wanted = { name: row.name, profile: row.profile, now: deps.clock.now() }
      const stored = await findUnexpired(database, caller.subaccountId, wanted)
      if (stored) return { kind: 'existing', stored } as const
    }
    if (counted) await assertQuota(database, caller.subaccountId, deps)
    if (!(await insertCertificate(database, row))) {
      await assertNotIssuedBefore(database, caller, idempotencyKey)
      return 'serial-taken'
    }
    await recordIssued(database, row, request, deps.audit)
    return { kind: 'issued', record: recordOf(row), chain, packed } as const
  })
  if (result !== 'serial-taken' && result.kind === 'issued') {
    const { serial, profile, name } = result.record
    deps.log.info({ event: 'certificate.issued', serial, profile, name }, 'certificate issued')
  }
  return result
}

function rowOf(
  { order, authority, caller, counted, idempotencyKey }: IssueRequest,
  facts: { serial: string; now: Date; certificate: Certificate | null },
): CertificateRow {
  const { serial, now, certificate } = facts
  return {
    id: newId('cert'),
    subaccount_id: caller.subaccountId,
    issuer_id: authority.id,
    serial,
    name: order.name,
    profile: order.profile.name,
    subject: formatName(order.subject),
    issuer: formatName(authority.issuing.subject),
    sha256: certificate?.sha256 ?? '',
    key_type: order.keyType,
    not_before: order.validity.notBefore.toISOString(),
    not_after: order.validity.notAfter.toISOString(),
    status: 'active',
    certificate: certificate ? encodePem('CERTIFICATE', certificate.raw) : '',
    actor: caller.actor,
    counted: counted ? 1 : 0,
    idempotency_key: idempotencyKey,
    created_at: now.toISOString(),
  }
}
