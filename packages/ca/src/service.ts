import type { Clock, Logger } from '@twinlatch/kit'
import type { KeyPool } from '@twinlatch/pki'
import type { AuditSink, Store } from '@twinlatch/store'
import { type Authorities, loadAuthorities } from './authority.ts'
import { listCertificates } from './ca-store.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { pemOf } from './chain-pem.ts'
import { type CaLimits, defaultLimits } from './config.ts'
import { defaultProfiles, type ProfileName } from './default-profiles.ts'
import { CaError } from './errors.ts'
import { findByHandle } from './inventory.ts'
import { KeySource } from './key-source.ts'
import { createLazyKeyPool } from './lazy-key-pool.ts'
import { placeOrder, placeServerOrder } from './place-order.ts'
import type { Profile } from './profile.ts'

/** What the authority is opened with. */
export interface CertificateAuthorityOptions {
  /** Migrated with this package's `migrations`. */
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Logger
  /** Stopped with the authority. */
  readonly keyPool?: KeyPool
  readonly limits?: Partial<CaLimits>
  readonly profiles?: ReadonlyMap<ProfileName, Profile>
}

/** The authority on `store`. Authorities are made or loaded at the first use, not here. */
export async function openCertificateAuthority(
  options: CertificateAuthorityOptions,
): Promise<CertificateAuthority> {
  const { store, audit, clock, log } = options
  const limits = { ...defaultLimits, ...options.limits }
  const pool = options.keyPool ?? createLazyKeyPool(limits.keysReady)
  const keys = new KeySource(pool, limits, clock)
  const profiles = options.profiles ?? defaultProfiles()
  let loading: Promise<Authorities> | undefined
  const load = (): Promise<Authorities> => {
    loading ??= loadAuthorities({ store, audit, clock }).catch((error: unknown) => {
      // A full disk may be cleared; the next call tries again.
      loading = undefined
      throw error
    })
    return loading
  }
  const desk = { store, audit, clock, log, limits, keys, profiles, load }
  return {
    ensureAuthorities: async () => {
      await load()
    },
    authorities: async () => (await load()).inUse,
    authority: async (name) => {
      const found = (await load()).inUse.find((one) => one.name === name)
      if (found) return found
      throw new CaError('ca/unknown-authority', `there is no authority "${name.slice(0, 64)}"`)
    },
    issue: (order, caller, { idempotencyKey } = {}) =>
      placeOrder(order, caller, idempotencyKey ?? null, desk),
    list: (subaccountId, filter) => listCertificates(store.database, subaccountId, filter),
    get: async (subaccountId, handle) => {
      const { record, chain } = await findByHandle(subaccountId, handle, desk)
      return { ...record, chain, chainPem: pemOf(chain) }
    },
    issueServerCertificate: (order) => placeServerOrder(order, desk),
    stop: async () => pool.stop(),
  }
}
