import type { SubaccountId } from '@twinlatch/kit'

/** A tenant as other services see it. `host` is where its applications run, `dev.localhost`. */
export interface SubaccountEntry {
  readonly id: SubaccountId
  /** Unique DNS label (RFC 1123 section 2.1), lower case. */
  readonly name: string
  readonly host: string
}

/** Finds tenants. A name or id that belongs to nobody is `null`, never an error. */
export interface SubaccountDirectory {
  byId(id: SubaccountId): Promise<SubaccountEntry | null>
  byName(name: string): Promise<SubaccountEntry | null>
}
