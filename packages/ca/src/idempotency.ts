import type { Database } from '@twinlatch/store'
import { findByIdempotencyKey } from './ca-store.ts'
import { CaError } from './errors.ts'
import type { OrderingCaller } from './order.ts'

/**
 * `ca/already-issued` for a second call with one idempotency key: its certificate exists, and its
 * private key was shown once (pki.md section 11, trap 20).
 */
export async function assertNotIssuedBefore(
  database: Database,
  { subaccountId }: OrderingCaller,
  idempotencyKey: string | null,
): Promise<void> {
  if (idempotencyKey === null) return
  const stored = await findByIdempotencyKey(database, subaccountId, idempotencyKey)
  if (!stored) return
  const { id, name, serial } = stored.record
  throw new CaError(
    'ca/already-issued',
    `certificate ${id} (${name}, serial ${serial}) was already issued for this Idempotency-Key; its private key was handed out then and is not kept`,
  )
}
