import type { SubaccountId } from '@twinlatch/kit'
import type { Database } from '@twinlatch/store'
import type { CaTables, CertificateRow } from './ca-tables.ts'
import {
  type CertificateFilter,
  type CertificateRecord,
  recordOf,
  type StoredCertificate,
} from './certificate-record.ts'

/** Ten years of a full quota; more would not be a list any more. */
const listMax = 5000

const columns = [
  'id',
  'name',
  'profile',
  'subject',
  'issuer',
  'issuer_id',
  'serial',
  'sha256',
  'key_type',
  'not_before',
  'not_after',
  'status',
  'certificate',
  'created_at',
] as const

/**
 * Adds a row and tells whether it is there: `false` when the serial (per issuer) or the idempotency
 * key (per subaccount) is taken. The constraint decides, not a look beforehand.
 */
export async function insertCertificate(database: Database, row: CertificateRow): Promise<boolean> {
  const result = await database
    .withTables<CaTables>()
    .insertInto('ca_certificates')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return result.numInsertedOrUpdatedRows === 1n
}

/** Newest first. */
export async function listCertificates(
  database: Database,
  subaccountId: SubaccountId,
  filter: CertificateFilter = {},
): Promise<CertificateRecord[]> {
  let query = select(database, subaccountId).where('status', '=', filter.status ?? 'active')
  if (filter.name !== undefined) query = query.where('name', '=', filter.name)
  if (filter.profile !== undefined) query = query.where('profile', '=', filter.profile)
  const rows = await query.orderBy('created_at', 'desc').orderBy('id').limit(listMax).execute()
  return rows.map((row) => stored(row).record)
}

/** By id, by serial, or the newest active one of that name; `null` if there is none in the subaccount. */
export async function findCertificate(
  database: Database,
  subaccountId: SubaccountId,
  wanted: { id?: string; serial?: string; name?: string },
): Promise<StoredCertificate | null> {
  let query = select(database, subaccountId)
  if (wanted.id !== undefined) query = query.where('id', '=', wanted.id)
  if (wanted.serial !== undefined) query = query.where('serial', '=', wanted.serial)
  if (wanted.name !== undefined) {
    query = query.where('name', '=', wanted.name).where('status', '=', 'active')
  }
  const row = await query.orderBy('created_at', 'desc').orderBy('id').executeTakeFirst()
  return row ? stored(row) : null
}

/** An active certificate of that name and profile that is still valid at `now`. */
export async function findUnexpired(
  database: Database,
  subaccountId: SubaccountId,
  wanted: { name: string; profile: string; now: Date },
): Promise<StoredCertificate | null> {
  const row = await select(database, subaccountId)
    .where('name', '=', wanted.name)
    .where('profile', '=', wanted.profile)
    .where('status', '=', 'active')
    .where('not_after', '>', wanted.now.toISOString())
    .orderBy('not_after', 'desc')
    .orderBy('id')
    .executeTakeFirst()
  return row ? stored(row) : null
}

/** The certificate that was issued for this idempotency key. */
export async function findByIdempotencyKey(
  database: Database,
  subaccountId: SubaccountId,
  idempotencyKey: string,
): Promise<StoredCertificate | null> {
  const row = await select(database, subaccountId)
    .where('idempotency_key', '=', idempotencyKey)
    .executeTakeFirst()
  return row ? stored(row) : null
}

/** How many certificates that count were issued in the subaccount since `from`. */
export async function countIssuedSince(
  database: Database,
  subaccountId: SubaccountId,
  from: Date,
): Promise<number> {
  const row = await database
    .withTables<CaTables>()
    .selectFrom('ca_certificates')
    .select((builder) => builder.fn.countAll<number | bigint | string>().as('issued'))
    .where('subaccount_id', '=', subaccountId)
    .where('counted', '=', 1)
    .where('created_at', '>=', from.toISOString())
    .executeTakeFirstOrThrow()
  return Number(row.issued)
}

function select(database: Database, subaccountId: SubaccountId) {
  return database
    .withTables<CaTables>()
    .selectFrom('ca_certificates')
    .select(columns)
    .where('subaccount_id', '=', subaccountId)
}

function stored(row: Pick<CertificateRow, (typeof columns)[number]>): StoredCertificate {
  return { record: recordOf(row), certificatePem: row.certificate, issuerId: row.issuer_id }
}
