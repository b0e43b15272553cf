import { type Clock, type Logger, messageOf, newId, type SubaccountId } from '@twinlatch/kit'
import {
  type Certificate,
  encodePem,
  formatName,
  issueCertificate,
  type KeyPair,
  newSerial,
  PkiError,
} from '@twinlatch/pki'
import type { AuditSink, Database, Store } from '@twinlatch/store'
import type { SigningAuthority } from './authority.ts'
import {
  type CertificateRecord,
  countIssuedSince,
  findByIdempotencyKey,
  findUnexpired,
  insertCertificate,
  type StoredCertificate,
} from './ca-store.ts'
import type { CertificateRow } from './ca-tables.ts'
import type { CaLimits } from './config.ts'
import { CaError } from './errors.ts'
import { type KeyPackage, packKey } from './keystore.ts'
import type { AdmittedOrder, OrderingCaller } from './order.ts'
import { selfCheck } from './self-check.ts'

/** What issuing needs. */
export interface IssueDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Logger
  readonly limits: CaLimits
}

/** One issue: an admitted order, who pays for it, and what makes it happen once only. */
export interface IssueRequest {
  readonly order: AdmittedOrder
  readonly authority: SigningAuthority
  readonly caller: OrderingCaller
  readonly key: KeyPair
  /** Whether it counts towards the quota; our own listeners' certificates do not. */
  readonly counted: boolean
  /** Whether the key is packed for somebody outside this process. */
  readonly packed: boolean
  readonly ifMissing: boolean
  readonly idempotencyKey: string | null
}

/** A fresh certificate, or the one that made a new one unnecessary. */
export type IssueResult =
  | {
      readonly kind: 'issued'
      readonly record: CertificateRecord
      readonly chain: readonly Certificate[]
      readonly packed: KeyPackage | null
    }
  | { readonly kind: 'existing'; readonly stored: StoredCertificate }

/** A serial has 120 random bits: a second collision in a row is a broken random generator. */
const serialAttemptsMax = 3

/**
 * Signs, packs, checks its own output, and only then stores the row and its audit row, in one
 * transaction; nothing is handed out that is not in the inventory. What fails the check is stored
 * as `failed`, because its serial was used (pki.md section 3.2).
 */
export async function issue(request: IssueRequest, deps: IssueDeps): Promise<IssueResult> {
  for (let attempt = 1; ; attempt++) {
    const made = await make(request, deps)
    const taken = await store(made, request, deps)
    if (taken !== 'serial-taken') return taken
    if (attempt === serialAttemptsMax) throw new TypeError('random serial numbers repeat')
  }
}

/** Refuses when the subaccount has had its share of this calendar year (UTC); revoking gives none back. */
export async function assertQuota(
  database: Database,
  subaccountId: SubaccountId,
  { clock, limits }: Pick<IssueDeps, 'clock' | 'limits'>,
): Promise<void> {
  const year = clock.now().getUTCFullYear()
  const issued = await countIssuedSince(database, subaccountId, new Date(Date.UTC(year, 0, 1)))
  if (issued < limits.quotaPerYear) return
  throw new CaError(
    'ca/quota-exceeded',
    `this subaccount was issued ${issued} certificates in ${year}, which is its quota; the next one is possible on 1 January ${year + 1} (UTC)`,
  )
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
  const facts = { serial, now, certificate: null }
  const certificate = await sign(request, serial).catch(async (error: unknown) => {
    // Before this error nothing was signed; with it, something was, and it is wrong.
    if (!(error instanceof PkiError && error.code === 'pki/self-check-failed')) throw error
    throw await failed(rowOf(request, facts), [error.message], request, deps)
  })
  const row = rowOf(request, { ...facts, certificate })
  const chain = [certificate, authority.issuing, authority.root]
  const { name, password } = order
  const content = { privateKey: key.privateKey, chain, name, password }
  const packed = request.packed
    ? await packKey(order.format, content).catch(async (error: unknown) => {
        throw await failed(row, [`it cannot be packed: ${messageOf(error)}`], request, deps)
      })
    : null
  const { publicKey } = key
  const signed = { order, authority, serial, certificate, publicKey, now, packed, content }
  const faults = await selfCheck(signed)
  if (faults.length > 0) throw await failed(row, faults, request, deps)
  return { row, chain, packed }
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

async function store(
  { row, chain, packed }: Made,
  request: IssueRequest,
  deps: IssueDeps,
): Promise<IssueResult | 'serial-taken'> {
  const { subaccountId } = request.caller
  const result = await deps.store.transaction(async (database) => {
    if (request.ifMissing) {
      const stored = await findUnexpired(database, subaccountId, {
        name: row.name,
        profile: row.profile,
        now: deps.clock.now(),
      })
      if (stored) return { kind: 'existing', stored } as const
    }
    if (request.counted) await assertQuota(database, subaccountId, deps)
    if (!(await insertCertificate(database, row))) {
      await assertNotIssuedBefore(database, request)
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

/** `ca/already-issued` for a second call with one idempotency key: its key was shown once. */
export async function assertNotIssuedBefore(
  database: Database,
  { caller, idempotencyKey }: Pick<IssueRequest, 'caller' | 'idempotencyKey'>,
): Promise<void> {
  if (idempotencyKey === null) return
  const stored = await findByIdempotencyKey(database, caller.subaccountId, idempotencyKey)
  if (!stored) return
  const { id, name, serial } = stored.record
  throw new CaError(
    'ca/already-issued',
    `certificate ${id} (${name}, serial ${serial}) was already issued for this Idempotency-Key; its private key was handed out then and is not kept`,
  )
}

async function recordIssued(
  database: Database,
  row: CertificateRow,
  { order, authority, caller, packed }: IssueRequest,
  audit: AuditSink,
): Promise<void> {
  const { subaccountId, actor } = caller
  const detail = {
    profile: row.profile,
    authority: authority.name,
    name: row.name,
    subject: row.subject,
    serial: row.serial,
    sha256: row.sha256,
    format: packed ? order.format : 'none',
    notAfter: row.not_after,
  }
  const entry = { subaccountId, actor, target: row.id }
  await audit.record(database, { ...entry, action: 'certificate.issued', detail })
  if (packed && order.format === 'pem-secret') {
    // The only way a private key leaves in the clear, so it has a line of its own.
    const { serial } = row
    await audit.record(database, { ...entry, action: 'key.revealed', detail: { serial } })
  }
}

async function failed(
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

function recordOf(row: CertificateRow): CertificateRecord {
  return {
    id: row.id,
    name: row.name,
    profile: row.profile,
    subject: row.subject,
    issuer: row.issuer,
    serial: row.serial,
    sha256: row.sha256,
    keyType: row.key_type,
    notBefore: row.not_before,
    notAfter: row.not_after,
    status: row.status,
    createdAt: row.created_at,
  }
}
