import type { SubaccountId } from '@twinlatch/kit'
import { type Certificate, formatSerial, parseCertificates, parseSerial } from '@twinlatch/pki'
import type { Store } from '@twinlatch/store'
import type { Authorities } from './authority.ts'
import { findCertificate } from './ca-store.ts'
import type { CertificateRecord, StoredCertificate } from './certificate-record.ts'
import { CaError } from './errors.ts'

interface InventoryDeps {
  readonly store: Store
  load(): Promise<Authorities>
}

/** A record and its chain: leaf, issuing certificate, root. */
export interface ChainedCertificate {
  readonly record: CertificateRecord
  readonly chain: readonly Certificate[]
}

/** Finds by id, by serial (pki.md section 11, trap 14), or the newest of that name. */
export async function findByHandle(
  subaccountId: SubaccountId,
  handle: string,
  { store, load }: InventoryDeps,
): Promise<ChainedCertificate> {
  const serial = serialOf(handle)
  const stored =
    (await findCertificate(store.database, subaccountId, { id: handle })) ??
    (await findCertificate(store.database, subaccountId, { name: handle })) ??
    (serial === null ? null : await findCertificate(store.database, subaccountId, { serial }))
  if (stored) return withChain(stored, await load())
  throw new CaError(
    'ca/unknown-certificate',
    `no certificate of this subaccount has the id, name or serial "${handle.slice(0, 100)}"`,
  )
}

/** Puts the chain together from the leaf and whatever signed it then. */
export function withChain(stored: StoredCertificate, authorities: Authorities): ChainedCertificate {
  const above = authorities.chainById.get(stored.issuerId)
  if (!above) throw new TypeError(`the issuer ${stored.issuerId} is not in the store`)
  // A failed certificate may have no bytes; there is no chain to show then.
  const leaf = stored.certificatePem === '' ? [] : parseCertificates(stored.certificatePem)
  return { record: stored.record, chain: [...leaf, ...above] }
}

function serialOf(handle: string): string | null {
  if (!/^(0x)?[0-9a-f:]{2,64}$/i.test(handle)) return null
  try {
    return formatSerial(parseSerial(handle))
  } catch {
    return null
  }
}
