import { createProfile, type Profile, type ProfileConfig } from './profile.ts'

/** Names of the profiles, each with an authority of its own. */
export const profileNames = ['client', 'partner', 'server'] as const
export type ProfileName = (typeof profileNames)[number]

const client: ProfileConfig = {
  country: 'DE',
  organization: 'Twinlatch',
  organizationalUnits: ['Twinlatch Clients', 'Local'],
  subject: 'tenant',
  extendedKeyUsage: ['clientAuth'],
  validityDays: { default: 365, max: 398 },
  keyTypes: ['rsa2048', 'rsa4096', 'ec-p256', 'ec-p384'],
  subjectAltNames: { types: ['dns', 'uri', 'email'], required: false },
}

const partner: ProfileConfig = { ...client, organizationalUnits: ['Twinlatch Partners', 'Local'] }

const server: ProfileConfig = {
  country: 'DE',
  organization: 'Twinlatch',
  organizationalUnits: [],
  subject: 'host',
  extendedKeyUsage: ['serverAuth'],
  validityDays: { default: 90, max: 398 },
  keyTypes: ['ec-p256', 'ec-p384', 'rsa2048', 'rsa4096'],
  subjectAltNames: { types: ['dns', 'ip', 'uri'], required: true },
}

/** The profiles of an installation that configures none (pki.md sections 1 and 3). */
export function defaultProfiles(): ReadonlyMap<ProfileName, Profile> {
  return new Map<ProfileName, Profile>([
    ['client', createProfile('client', client)],
    ['partner', createProfile('partner', partner)],
    ['server', createProfile('server', server)],
  ])
}
