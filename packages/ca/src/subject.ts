import type { ProblemItem, SubaccountId } from '@twinlatch/kit'
import { buildName, type Name } from '@twinlatch/pki'
import type { AlternativeName } from './alternative-name.ts'
import { nameTextFault } from './name-text.ts'
import type { Profile } from './profile.ts'

/** Who a client certificate is for, as far as the caller may say. */
export interface SubjectOrder {
  readonly name: string
  /** The person in brackets behind the name; `P000000` stands for nobody in particular. */
  readonly userId?: string | undefined
  /** Replaces the profile's `OU`s. */
  readonly organizationalUnits?: readonly string[] | undefined
}

/** The tenant that the subject is bound to, whatever the order says. */
export interface Tenant {
  readonly subaccountId: SubaccountId
  /** `dev.localhost` */
  readonly tenantHost: string
}

/** RFC 5280 appendix A.1: ub-common-name, ub-organizational-unit-name, ub-locality-name. */
const commonNameMax = 64
const organizationalUnitMax = 64
const localityMax = 128

/** No directory has more levels; each one is sent in every handshake. */
const organizationalUnitsMax = 8

/** Nobody's id: a certificate of a machine. */
const defaultUserId = 'P000000'

const userIdForm = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,31}$/

/**
 * The subject by policy, never by the caller: fixed prefix, `OU` and `L` of the tenant, and
 * `<name> (<user id>)` of at most 64 characters as a whole (pki.md section 1). Faults are added to
 * `problems`; the result is `null` if there are any.
 */
export function tenantSubject(
  order: SubjectOrder,
  tenant: Tenant,
  profile: Profile,
  problems: ProblemItem[],
): Name | null {
  const before = problems.length
  const userId = order.userId ?? defaultUserId
  if (!userIdForm.test(userId)) {
    problems.push({
      path: 'userId',
      message: 'is not 1 to 32 letters, digits and . _ @ - beginning with a letter or digit',
    })
  }
  const commonName = `${order.name} (${userId})`
  const suffix = commonName.length - order.name.length
  const nameFault = nameTextFault(order.name, commonNameMax - suffix)
  if (nameFault !== null) {
    problems.push({
      path: 'name',
      message: `${nameFault} (CN is "<name> (${userId})" and has at most ${commonNameMax} characters)`,
    })
  }
  const units = order.organizationalUnits ?? profile.organizationalUnits
  if (units.length > organizationalUnitsMax) {
    problems.push({
      path: 'organizationalUnits',
      message: `has ${units.length} entries, at most ${organizationalUnitsMax} are allowed`,
    })
  }
  for (const [index, unit] of units.slice(0, organizationalUnitsMax).entries()) {
    const fault = nameTextFault(unit, organizationalUnitMax)
    if (fault !== null) problems.push({ path: `organizationalUnits[${index}]`, message: fault })
  }
  const hostFault = nameTextFault(tenant.tenantHost, localityMax)
  if (hostFault !== null) problems.push({ path: 'tenantHost', message: hostFault })
  if (problems.length > before) return null
  return buildName([
    { type: 'C', value: profile.country },
    { type: 'O', value: profile.organization },
    ...[...units, tenant.subaccountId].map((value) => ({ type: 'OU', value })),
    { type: 'L', value: tenant.tenantHost },
    { type: 'CN', value: commonName },
  ])
}

/**
 * The subject of a server: the prefix, and a copy of the first DNS name if that fits into a CN. The
 * names that count are in the SAN (RFC 9525 section 2).
 */
export function hostSubject(names: readonly AlternativeName[], profile: Profile): Name {
  const first = names.find(({ type, value }) => type === 'dns' && value.length <= commonNameMax)
  return buildName([
    { type: 'C', value: profile.country },
    { type: 'O', value: profile.organization },
    ...profile.organizationalUnits.map((value) => ({ type: 'OU', value })),
    ...(first ? [{ type: 'CN', value: first.value }] : []),
  ])
}
