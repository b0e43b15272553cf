import type { Clock, SubaccountId } from '@twinlatch/kit'
import type { Database } from '@twinlatch/store'
import { countIssuedSince } from './ca-store.ts'
import type { CaLimits } from './config.ts'
import { CaError } from './errors.ts'

/**
 * Refuses when the subaccount has had its share of this calendar year (UTC). Counted at issue time;
 * revoking gives none back (pki.md section 1). Exact only inside the transaction that issues.
 */
export async function assertQuota(
  database: Database,
  subaccountId: SubaccountId,
  { clock, limits }: { readonly clock: Clock; readonly limits: CaLimits },
): Promise<void> {
  const year = clock.now().getUTCFullYear()
  const issued = await countIssuedSince(database, subaccountId, new Date(Date.UTC(year, 0, 1)))
  if (issued < limits.quotaPerYear) return
  throw new CaError(
    'ca/quota-exceeded',
    `this subaccount was issued ${issued} certificates in ${year}, which is its quota; the next one is possible on 1 January ${year + 1} (UTC)`,
  )
}
