import { devSubaccountId, type ProblemItem } from '@twinlatch/kit'
import { formatName, hasControlCharacters, parseDistinguishedName } from '@twinlatch/pki'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultProfiles } from './default-profiles.ts'
import type { Profile } from './profile.ts'
import { hostSubject, type SubjectOrder, tenantSubject } from './subject.ts'

const tenant = { subaccountId: devSubaccountId, tenantHost: 'dev.localhost' }
const profiles = defaultProfiles()
const client = profiles.get('client') as Profile
const partner = profiles.get('partner') as Profile
const server = profiles.get('server') as Profile

function subjectOf(order: SubjectOrder, profile = client) {
  const problems: ProblemItem[] = []
  const name = tenantSubject(order, tenant, profile, problems)
  return { name, problems }
}

describe('the subject is made by policy', () => {
  test.each<[string, SubjectOrder, Profile, string]>([
    [
      'client, nothing but a name',
      { name: 'poster-quovadis' },
      client,
      'CN=poster-quovadis (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
    ],
    [
      'partner',
      { name: 'erp' },
      partner,
      'CN=erp (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Partners,O=Twinlatch,C=DE',
    ],
    [
      'another person',
      { name: 'erp', userId: 'jane.doe@example.com' },
      client,
      'CN=erp (jane.doe@example.com),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
    ],
    [
      'own OUs replace the fixed two, in their order; the tenant stays',
      { name: 'erp', organizationalUnits: ['SAP Cloud Platform Clients', 'Canary'] },
      client,
      'CN=erp (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Canary,OU=SAP Cloud Platform Clients,O=Twinlatch,C=DE',
    ],
    [
      'no OUs at all; the tenant stays',
      { name: 'erp', organizationalUnits: [] },
      client,
      'CN=erp (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,O=Twinlatch,C=DE',
    ],
    [
      'a name that looks like more of a name stays one value',
      { name: 'a,OU=Admins+CN=b' },
      client,
      'CN=a\\,OU=Admins\\+CN=b (P000000),L=dev.localhost,OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093,OU=Local,OU=Twinlatch Clients,O=Twinlatch,C=DE',
    ],
  ])('%s', (_, order, profile, expected) => {
    const { name, problems } = subjectOf(order, profile)
    expect(problems).toEqual([])
    expect(name && formatName(name)).toBe(expected)
  })

  test('in the order of the certificate', () => {
    const { name } = subjectOf({ name: 'poster-quovadis' })
    expect(name && formatName(name, 'slash')).toBe(
      '/C=DE/O=Twinlatch/OU=Twinlatch Clients/OU=Local/OU=e56e1a2a-7dc2-5c14-b789-e39e4b30b093/L=dev.localhost/CN=poster-quovadis (P000000)',
    )
  })
})

describe('the CN has at most 64 characters, user id and brackets included', () => {
  // " (P000000)" has 10 characters.
  test.each([
    ['54 letters', 'x'.repeat(54), undefined, true],
    ['55 letters', 'x'.repeat(55), undefined, false],
    ['54 characters outside the BMP count once each', '𝒳'.repeat(54), undefined, true],
    ['55 of them', '𝒳'.repeat(55), undefined, false],
    ['a longer user id leaves less', 'x'.repeat(30), 'u'.repeat(31), true],
    ['one letter more is too much', 'x'.repeat(31), 'u'.repeat(31), false],
  ])('%s', (_, name, userId, allowed) => {
    const { name: subject, problems } = subjectOf({ name, userId })
    expect(subject !== null).toBe(allowed)
    expect(problems.map(({ path }) => path)).toEqual(allowed ? [] : ['name'])
  })
})

describe('refused, never cleaned', () => {
  test.each<[string, SubjectOrder, string]>([
    ['an empty name', { name: '' }, 'name'],
    ['a blank name', { name: '  ' }, 'name'],
    ['a blank at the end', { name: 'a ' }, 'name'],
    ['a NUL', { name: 'a\0b' }, 'name'],
    ['a line feed', { name: 'a\nb' }, 'name'],
    ['DEL', { name: 'a\x7f' }, 'name'],
    ['a C1 control', { name: 'a\x85b' }, 'name'],
    ['a line separator', { name: 'a\u2028b' }, 'name'],
    ['a right-to-left override', { name: 'a\u202eb' }, 'name'],
    ['a directional isolate', { name: 'a\u2066b' }, 'name'],
    ['a zero-width blank', { name: 'a\u200bb' }, 'name'],
    ['half of a surrogate pair', { name: 'a\ud800' }, 'name'],
    ['an empty user id', { name: 'a', userId: '' }, 'userId'],
    ['a user id that closes the bracket', { name: 'a', userId: 'P1) (P2' }, 'userId'],
    ['a user id of 33 characters', { name: 'a', userId: 'u'.repeat(33) }, 'userId'],
    [
      'an OU of 65 characters',
      { name: 'a', organizationalUnits: ['x'.repeat(65)] },
      'organizationalUnits[0]',
    ],
    ['an empty OU', { name: 'a', organizationalUnits: ['ok', ''] }, 'organizationalUnits[1]'],
    ['a control in an OU', { name: 'a', organizationalUnits: ['x\ty'] }, 'organizationalUnits[0]'],
    ['nine OUs', { name: 'a', organizationalUnits: Array(9).fill('x') }, 'organizationalUnits'],
  ])('%s', (_, order, path) => {
    const { name, problems } = subjectOf(order)
    expect(name).toBeNull()
    expect(problems.map((item) => item.path)).toEqual([path])
  })

  test('eight OUs of 64 characters and a user id of 32 are allowed', () => {
    const order = {
      name: 'a',
      userId: 'u'.repeat(32),
      organizationalUnits: Array<string>(8).fill('x'.repeat(64)),
    }
    expect(subjectOf(order).name).not.toBeNull()
  })

  test('all faults are named at once', () => {
    const order = { name: '', userId: '(', organizationalUnits: [''] }
    expect(subjectOf(order).problems.map(({ path }) => path)).toEqual([
      'userId',
      'name',
      'organizationalUnits[0]',
    ])
  })
})

test('no name whatsoever gets another subject than its own CN between fixed ends', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (name) => {
      const { name: subject } = subjectOf({ name })
      if (subject === null) return
      const { name: read } = parseDistinguishedName(formatName(subject))
      const attributes = read.rdns.map((rdn) => rdn.map(({ value }) => value))
      expect(hasControlCharacters(subject)).toBe(false)
      expect(attributes).toEqual([
        ['DE'],
        ['Twinlatch'],
        ['Twinlatch Clients'],
        ['Local'],
        [devSubaccountId],
        ['dev.localhost'],
        [`${name} (P000000)`],
      ])
    }),
  )
})

describe('the subject of a server', () => {
  const dns = (value: string) => ({ type: 'dns' as const, value })
  test.each([
    [
      'copies the first DNS name',
      [dns('a.localhost'), dns('b.localhost')],
      'CN=a.localhost,O=Twinlatch,C=DE',
    ],
    [
      'passes over an address',
      [{ type: 'ip' as const, value: '::1' }, dns('b.localhost')],
      'CN=b.localhost,O=Twinlatch,C=DE',
    ],
    [
      'takes a name of 64 characters',
      [dns(`${'a'.repeat(54)}.localhost`)],
      `CN=${'a'.repeat(54)}.localhost,O=Twinlatch,C=DE`,
    ],
    [
      'leaves the CN out when no name fits',
      [dns(`${'a'.repeat(55)}.localhost`)],
      'O=Twinlatch,C=DE',
    ],
  ])('%s', (_, names, expected) => {
    expect(formatName(hostSubject(names, server))).toBe(expected)
  })
})
