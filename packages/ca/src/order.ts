import type { ProblemItem, Secret, SubaccountId } from '@twinlatch/kit'
import type { KeyType, Name, Validity, ValidityLength } from '@twinlatch/pki'
import {
  type AlternativeName,
  alternativeNameFault,
  alternativeNamesMax,
} from './alternative-name.ts'
import type { ProfileName } from './default-profiles.ts'
import { CaError } from './errors.ts'
import { nameTextFault } from './name-text.ts'
import { passwordFault } from './password.ts'
import type { orderableKeyTypes, Profile } from './profile.ts'
import { hostSubject, tenantSubject } from './subject.ts'
import { validityOf } from './validity.ts'

/** What comes back: PKCS#12 (two flavours), encrypted PEM, or PEM with the key in the clear. */
export const keyFormats = ['modern', 'compat', 'pem', 'pem-secret'] as const
export type KeyFormat = (typeof keyFormats)[number]

/** An order for a key and its certificate. The subject is the authority's decision. */
export interface CertificateOrder {
  readonly name: string
  readonly organizationalUnits?: readonly string[] | undefined
  readonly userId?: string | undefined
  readonly profile: ProfileName
  readonly subjectAltNames: readonly AlternativeName[]
  /** Short for a `validity` in days; only one of both may be given. */
  readonly days?: number | undefined
  readonly validity?: ValidityLength | undefined
  /** The profile's first one when absent. */
  readonly keyType?: (typeof orderableKeyTypes)[number] | undefined
  readonly format: KeyFormat
  readonly password: Secret | null
  /** A certificate of that name and profile that has not expired is the answer, without its key. */
  readonly ifMissing?: boolean | undefined
}

/** For whom and by whom a certificate is ordered. */
export interface OrderingCaller {
  readonly subaccountId: SubaccountId
  /** `admin`, an OAuth client id, or `system`. */
  readonly actor: string
  readonly tenantHost: string
}

/** An order that its profile allows, with everything the authority decides by itself filled in. */
export interface AdmittedOrder {
  readonly name: string
  readonly profile: Profile
  readonly subject: Name
  readonly subjectAltNames: readonly AlternativeName[]
  readonly keyType: KeyType
  readonly validity: Validity
  readonly format: KeyFormat
  readonly password: Secret | null
}

const recordNameMax = 64

/**
 * The order as it will be signed, or a `CaError` with all faults at once: `ca/password` when only
 * the password is at fault, `ca/profile-forbids` otherwise.
 */
export function admitOrder(
  order: CertificateOrder,
  profile: Profile,
  caller: OrderingCaller,
  now: Date,
): AdmittedOrder {
  const problems: ProblemItem[] = []
  checkAlternativeNames(order.subjectAltNames, profile, problems)
  const keyType = order.keyType ?? profile.defaultKeyType
  if (!profile.keyTypes.some((allowed) => allowed === keyType)) {
    problems.push({ path: 'keyType', message: `must be one of ${profile.keyTypes.join(', ')}` })
  }
  const validity = validityOf(order, profile, now, problems)
  const subject = subjectOf(order, profile, caller, problems)
  checkPassword(order, problems)
  if (problems.length > 0 || !subject || !validity) throw refusal(profile, problems)
  return {
    name: order.name,
    profile,
    subject,
    subjectAltNames: order.subjectAltNames,
    keyType,
    validity,
    format: order.format,
    password: order.password,
  }
}

function refusal(profile: Profile, problems: readonly ProblemItem[]): CaError {
  const texts = problems.map(({ path, message }) => `${path} ${message}`).join('; ')
  return problems.every(({ path }) => path === 'password')
    ? new CaError('ca/password', texts, { problems })
    : new CaError('ca/profile-forbids', `profile ${profile.name} forbids the order: ${texts}`, {
        problems,
      })
}

function subjectOf(
  order: CertificateOrder,
  profile: Profile,
  caller: OrderingCaller,
  problems: ProblemItem[],
): Name | null {
  if (profile.subject === 'tenant') return tenantSubject(order, caller, profile, problems)
  const fault = nameTextFault(order.name, recordNameMax)
  if (fault !== null) problems.push({ path: 'name', message: fault })
  for (const path of ['userId', 'organizationalUnits'] as const) {
    if (order[path] !== undefined) {
      problems.push({ path, message: 'has no place in the subject of a server' })
    }
  }
  return problems.length > 0 ? null : hostSubject(order.subjectAltNames, profile)
}

function checkAlternativeNames(
  names: readonly AlternativeName[],
  { subjectAltNames: { types, required } }: Profile,
  problems: ProblemItem[],
): void {
  const path = 'subjectAltNames'
  if (required && names.length === 0) {
    problems.push({ path, message: 'must name at least one host (RFC 9525 section 2)' })
  }
  if (names.length > alternativeNamesMax) {
    const message = `has ${names.length} entries, at most ${alternativeNamesMax} are allowed`
    problems.push({ path, message })
    return
  }
  for (const [index, name] of names.entries()) {
    const fault = types.includes(name.type)
      ? alternativeNameFault(name)
      : `has type ${name.type}, only ${types.join(', ')} are allowed`
    if (fault !== null) problems.push({ path: `${path}[${index}]`, message: fault })
  }
}

function checkPassword({ format, password }: CertificateOrder, problems: ProblemItem[]): void {
  if (format === 'pem-secret') {
    // A password here would look as if it protected something.
    if (password) problems.push({ path: 'password', message: 'has no use: pem-secret is plain' })
    return
  }
  const fault = password ? passwordFault(password) : 'is missing: the file holds a private key'
  if (fault !== null) problems.push({ path: 'password', message: fault })
}
