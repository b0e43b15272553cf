import type { KeyType } from '@twinlatch/pki'
import { z } from 'zod'
import { CaError } from './errors.ts'

/** Days a leaf may be valid at most (pki.md section 3): what browsers and scanners tolerate. */
const validityDaysMax = 398

/** Key types an order may name. Ed25519 is left out: too many Java clients refuse it. */
export const orderableKeyTypes = ['rsa2048', 'rsa4096', 'ec-p256', 'ec-p384'] as const

/** Kinds of subject alternative names that an order may name. */
export const orderableSanTypes = ['dns', 'uri', 'email', 'ip'] as const

/** What an authority's operator may decide about the certificates of one profile. */
const profileConfig = z.strictObject({
  /** `C`, `O` and the `OU`s that every subject starts with; an order may replace the `OU`s only. */
  country: z.string(),
  organization: z.string(),
  organizationalUnits: z.array(z.string()),
  /** `tenant`: the subject names subaccount, host and person; `host`: it copies a DNS name. */
  subject: z.enum(['tenant', 'host']),
  extendedKeyUsage: z.array(z.enum(['clientAuth', 'serverAuth'])),
  validityDays: z.strictObject({ default: z.int(), max: z.int() }),
  /** How far `notBefore` lies in the past, against clocks that are slow. */
  backdateMinutes: z.number().prefault(1),
  /** The first one is taken when an order names none. */
  keyTypes: z.array(z.enum(orderableKeyTypes)),
  subjectAltNames: z.strictObject({
    types: z.array(z.enum(orderableSanTypes)),
    required: z.boolean(),
  }),
})

export type ProfileConfig = z.input<typeof profileConfig>
type Checked = z.output<typeof profileConfig>

/** A profile that keeps every rule; the only way to one is `createProfile`. */
export type Profile = Readonly<Checked> & {
  readonly name: string
  readonly keyUsage: readonly string[]
  readonly defaultKeyType: KeyType
}

interface ProfileRule {
  readonly section: string
  /** What is wrong, or `null`. */
  fault(config: Checked): string | null
}

const rules: readonly ProfileRule[] = [
  {
    section: 'RFC 5280 appendix A.1, X520countryName',
    fault: ({ country }) =>
      /^[A-Z]{2}$/.test(country) ? null : `country "${country}" is not two capital letters`,
  },
  {
    section: 'RFC 5280 appendix A.1, ub-organization-name and ub-organizational-unit-name',
    fault: ({ organization, organizationalUnits }) => {
      const bad = [organization, ...organizationalUnits].find(
        (value) => value.trim() === '' || [...value].length > 64,
      )
      return bad === undefined ? null : `"${bad}" is empty or longer than 64 characters`
    },
  },
  {
    section: 'pki.md section 3, validity of leaves',
    fault: ({ validityDays: { default: usual, max } }) =>
      usual >= 1 && usual <= max && max <= validityDaysMax
        ? null
        : `validity of ${usual} days by default and ${max} at most: wanted 1 <= default <= max <= ${validityDaysMax}`,
  },
  {
    section: 'pki.md section 3, notBefore',
    fault: ({ backdateMinutes }) =>
      backdateMinutes >= 0 && backdateMinutes <= 60
        ? null
        : `notBefore ${backdateMinutes} minutes in the past: at most 60 are allowed`,
  },
  {
    section: 'pki.md section 3, extKeyUsage (a leaf without one may do anything: trap 11)',
    fault: ({ extendedKeyUsage }) => (extendedKeyUsage.length > 0 ? null : 'no extendedKeyUsage'),
  },
  {
    section: 'pki.md section 3, a client leaf has clientAuth only',
    fault: ({ subject, extendedKeyUsage }) =>
      subject === 'host' || extendedKeyUsage.every((usage) => usage === 'clientAuth')
        ? null
        : 'a subject that names a person may not be used as a server',
  },
  {
    section: 'pki.md section 3, a server leaf has serverAuth',
    fault: ({ subject, extendedKeyUsage }) =>
      subject === 'tenant' || extendedKeyUsage.includes('serverAuth')
        ? null
        : 'a subject that names a host needs serverAuth',
  },
  {
    section: 'RFC 9525 section 2, names of a server are in its SAN',
    fault: ({ subject, subjectAltNames: { required, types } }) =>
      subject === 'tenant' || (required && types.includes('dns'))
        ? null
        : 'a subject that names a host requires DNS names',
  },
  {
    section: 'pki.md section 3, allowed keys',
    fault: ({ keyTypes }) => (keyTypes.length > 0 ? null : 'no key type'),
  },
]

/**
 * The profile that `config` describes, or `ca/bad-profile` with every broken rule and where the rule
 * stands. A profile is checked once, at start; orders are then checked against it.
 */
export function createProfile(name: string, config: ProfileConfig): Profile {
  const parsed = profileConfig.safeParse(config)
  if (!parsed.success) {
    throw new CaError('ca/bad-profile', `profile ${name} is malformed`, {
      problems: parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
      cause: parsed.error,
    })
  }
  const problems = rules.flatMap(({ section, fault }) => {
    const message = fault(parsed.data)
    return message === null ? [] : [{ path: name, message: `${message} (${section})` }]
  })
  if (problems.length > 0) {
    const texts = problems.map(({ message }) => message).join('; ')
    throw new CaError('ca/bad-profile', `profile ${name}: ${texts}`, { problems })
  }
  return {
    ...parsed.data,
    name,
    // keyEncipherment is for RSA key exchange of TLS 1.2, which none of our listeners offers.
    keyUsage: ['digitalSignature'],
    defaultKeyType: parsed.data.keyTypes[0] as KeyType,
  }
}
