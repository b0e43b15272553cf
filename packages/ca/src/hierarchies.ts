import type { AttributeText, KeyType } from '@twinlatch/pki'
import type { ProfileName } from './default-profiles.ts'

/** Names of the authorities. Three separate roots: a server certificate never chains to a client bundle. */
export type AuthorityName = 'clients' | 'partner' | 'server'

/** What an authority is created as: subjects in certificate order, and the profile it serves. */
export interface Hierarchy {
  readonly name: AuthorityName
  readonly profile: ProfileName
  readonly root: readonly AttributeText[]
  readonly issuing: readonly AttributeText[]
}

const organization = [
  { type: 'C', value: 'DE' },
  { type: 'O', value: 'Twinlatch' },
]

/** The authorities of an installation, all of its own organisation's name (pki.md section 1). */
export const hierarchies: readonly Hierarchy[] = [
  {
    name: 'clients',
    profile: 'client',
    root: [...organization, { type: 'CN', value: 'Dev Root CA' }],
    issuing: [
      ...organization,
      { type: 'OU', value: 'Twinlatch Clients' },
      { type: 'CN', value: 'Dev Client CA' },
    ],
  },
  {
    name: 'partner',
    profile: 'partner',
    root: [...organization, { type: 'CN', value: 'Partner Root CA' }],
    issuing: [
      ...organization,
      { type: 'OU', value: 'Twinlatch Partners' },
      { type: 'CN', value: 'Partner Client CA' },
    ],
  },
  {
    name: 'server',
    profile: 'server',
    root: [...organization, { type: 'CN', value: 'Dev Server Root CA' }],
    issuing: [...organization, { type: 'CN', value: 'Dev Server CA' }],
  },
]

/** Key and life of the two tiers (pki.md section 3). */
export const tiers = {
  root: { keyType: 'ec-p384', years: 20, pathLength: 1 },
  issuing: { keyType: 'ec-p256', years: 10, pathLength: 0 },
} as const satisfies Record<string, { keyType: KeyType; years: number; pathLength: number }>
