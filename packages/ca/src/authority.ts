import { type Clock, devSubaccountId } from '@twinlatch/kit'
import { type Certificate, parseCertificates, type Signer } from '@twinlatch/pki'
import { type AuditSink, type Store, StoreError } from '@twinlatch/store'
import { insertAuthority, readAuthorities } from './authority-store.ts'
import type { AuthorityRow } from './ca-tables.ts'
import { createHierarchy } from './create-authority.ts'
import type { ProfileName } from './default-profiles.ts'
import { CaError } from './errors.ts'
import { type AuthorityName, type Hierarchy, hierarchies } from './hierarchies.ts'
import { createSealedKeySigner } from './signers/sealed-key.ts'

/** An authority as others see it: public material only. */
export interface Authority {
  readonly name: AuthorityName
  readonly profile: ProfileName
  readonly root: Certificate
  readonly issuing: Certificate
}

/** An authority that can sign. `id` is the row of the issuing certificate. */
export interface SigningAuthority extends Authority {
  readonly id: string
  readonly signer: Signer
}

/** The authorities in use, and the chain above every leaf that was ever signed. */
export interface Authorities {
  readonly inUse: readonly SigningAuthority[]
  /** By the id of the issuing row: issuing certificate first, root last. */
  readonly chainById: ReadonlyMap<string, readonly Certificate[]>
}

/** What loading the authorities needs. */
export interface AuthorityDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
}

/**
 * The authorities in the store. Missing ones are created first, root and issuing certificate in one
 * transaction with their audit row, so that there is never a root without its intermediate.
 */
export async function loadAuthorities(deps: AuthorityDeps): Promise<Authorities> {
  const known = new Set((await readAuthorities(deps.store.database)).map(({ name }) => name))
  for (const hierarchy of hierarchies) {
    if (!known.has(hierarchy.name)) await create(hierarchy, deps)
  }
  return assemble(await readAuthorities(deps.store.database), deps.store)
}

async function create(hierarchy: Hierarchy, { store, audit, clock }: AuthorityDeps): Promise<void> {
  const { root, issuing } = await createHierarchy(hierarchy, store.seal, clock.now())
  try {
    await store.transaction(async (database) => {
      await insertAuthority(database, root)
      await insertAuthority(database, issuing)
      await audit.record(database, {
        // An authority belongs to the installation; its record lies where the operator looks.
        subaccountId: devSubaccountId,
        actor: 'system',
        action: 'authority.created',
        target: hierarchy.name,
        detail: { rootSerial: root.serial, issuingSerial: issuing.serial },
      })
    })
  } catch (error) {
    // Another process of the same installation was first; what it made is read next.
    if (!(error instanceof StoreError && error.code === 'store/duplicate')) throw error
  }
}

function assemble(rows: readonly AuthorityRow[], store: Store): Authorities {
  const byId = new Map(
    rows.map((row) => [row.id, { row, certificate: onlyCertificate(row) }] as const),
  )
  const chainById = new Map<string, readonly Certificate[]>()
  for (const { row, certificate } of byId.values()) {
    const root = row.issuer_id === null ? undefined : byId.get(row.issuer_id)
    if (row.role === 'issuing' && root) chainById.set(row.id, [certificate, root.certificate])
  }
  const inUse = hierarchies.map(({ name, profile }): SigningAuthority => {
    // Rows come newest generation first.
    const row = rows.find((one) => one.name === name && one.role === 'issuing')
    const [issuing, root] = (row && chainById.get(row.id)) ?? []
    if (!row || !issuing || !root) {
      throw new CaError('ca/authority-unusable', `authority ${name} is not complete in the store`)
    }
    const signer = createSealedKeySigner({
      seal: store.seal,
      authorityId: row.id,
      sealedKey: row.sealed_key,
      publicKey: issuing.publicKey,
    })
    return { id: row.id, name, profile, root, issuing, signer }
  })
  return { inUse, chainById }
}

function onlyCertificate(row: AuthorityRow): Certificate {
  const [certificate] = parseCertificates(row.certificate)
  if (certificate) return certificate
  throw new CaError('ca/authority-unusable', `authority ${row.name} has no certificate in its row`)
}
