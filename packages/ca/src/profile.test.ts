import { describe, expect, test } from 'vitest'
import { CaError } from './errors.ts'
import { createProfile, type ProfileConfig } from './profile.ts'

const client: ProfileConfig = {
  country: 'DE',
  organization: 'Twinlatch',
  organizationalUnits: ['Clients'],
  subject: 'tenant',
  extendedKeyUsage: ['clientAuth'],
  validityDays: { default: 365, max: 398 },
  keyTypes: ['rsa2048'],
  subjectAltNames: { types: ['uri'], required: false },
}
const server: ProfileConfig = {
  ...client,
  subject: 'host',
  extendedKeyUsage: ['serverAuth'],
  subjectAltNames: { types: ['dns'], required: true },
}

function faultsOf(config: ProfileConfig): string[] {
  try {
    createProfile('p', config)
    return []
  } catch (error) {
    if (!(error instanceof CaError)) throw error
    expect(error.code).toBe('ca/bad-profile')
    return error.problems.map(({ message }) => message)
  }
}

describe('a rule that is just kept, and just broken', () => {
  test.each<[string, ProfileConfig, ProfileConfig, RegExp]>([
    ['country', client, { ...client, country: 'de' }, /RFC 5280.*X520countryName/],
    [
      'organization of 64 characters',
      { ...client, organization: 'x'.repeat(64) },
      { ...client, organization: 'x'.repeat(65) },
      /ub-organization-name/,
    ],
    [
      'OU of 64 characters',
      { ...client, organizationalUnits: ['x'.repeat(64)] },
      { ...client, organizationalUnits: ['x'.repeat(65)] },
      /ub-organizational-unit-name/,
    ],
    [
      'validity of 398 days',
      { ...client, validityDays: { default: 1, max: 398 } },
      { ...client, validityDays: { default: 1, max: 399 } },
      /validity of leaves/,
    ],
    [
      'default validity up to the longest',
      { ...client, validityDays: { default: 30, max: 30 } },
      { ...client, validityDays: { default: 31, max: 30 } },
      /validity of leaves/,
    ],
    [
      'default validity of a day',
      { ...client, validityDays: { default: 1, max: 30 } },
      { ...client, validityDays: { default: 0, max: 30 } },
      /validity of leaves/,
    ],
    [
      'backdating by an hour',
      { ...client, backdateMinutes: 60 },
      { ...client, backdateMinutes: 61 },
      /notBefore/,
    ],
    ['extended key usage', client, { ...client, extendedKeyUsage: [] }, /extKeyUsage/],
    [
      'purpose of a person',
      client,
      { ...client, extendedKeyUsage: ['clientAuth', 'serverAuth'] },
      /clientAuth only/,
    ],
    [
      'purpose of a server',
      { ...server, extendedKeyUsage: ['serverAuth', 'clientAuth'] },
      { ...server, extendedKeyUsage: ['clientAuth'] },
      /serverAuth/,
    ],
    [
      'names of a server',
      server,
      { ...server, subjectAltNames: { types: ['dns'], required: false } },
      /RFC 9525/,
    ],
    [
      'DNS names of a server',
      server,
      { ...server, subjectAltNames: { types: ['ip'], required: true } },
      /RFC 9525/,
    ],
    ['key types', client, { ...client, keyTypes: [] }, /allowed keys/],
  ])('%s', (_, kept, broken, cited) => {
    expect(faultsOf(kept)).toEqual([])
    const faults = faultsOf(broken)
    expect(faults).toHaveLength(1)
    expect(faults[0]).toMatch(cited)
  })
})

test('all broken rules are cited at once', () => {
  expect(faultsOf({ ...client, country: 'DEU', keyTypes: [], extendedKeyUsage: [] })).toHaveLength(
    3,
  )
})

test('an unknown key and a wrong type are refused with their place', () => {
  const config = { ...client, vallidity: 1, country: 5 } as unknown as ProfileConfig
  expect(faultsOf(config)).toHaveLength(2)
})
