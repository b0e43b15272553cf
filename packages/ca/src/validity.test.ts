import type { ProblemItem } from '@twinlatch/kit'
import type { ValidityLength } from '@twinlatch/pki'
import { describe, expect, test } from 'vitest'
import { defaultProfiles } from './default-profiles.ts'
import type { Profile } from './profile.ts'
import { validityOf } from './validity.ts'

const client = defaultProfiles().get('client') as Profile
const server = defaultProfiles().get('server') as Profile

function windowOf(
  ordered: { days?: number; validity?: ValidityLength },
  { profile = client, now = '2026-11-23T12:00:00.789Z' } = {},
) {
  const problems: ProblemItem[] = []
  const window = validityOf(ordered, profile, new Date(now), problems)
  return window
    ? [window.notBefore.toISOString(), window.notAfter.toISOString()]
    : problems.map(({ path }) => path)
}

describe('the window begins a minute ago and ends one second early, in whole seconds', () => {
  test.each<[string, Parameters<typeof windowOf>, string]>([
    ['365 days for a client when nothing is said', [{}], '2027-11-23T11:59:59.000Z'],
    ['90 days for a server', [{}, { profile: server }], '2027-02-21T11:59:59.000Z'],
    ['1 day', [{ days: 1 }], '2026-11-24T11:59:59.000Z'],
    ['398 days', [{ days: 398 }], '2027-12-26T11:59:59.000Z'],
    ['1 hour', [{ validity: { value: 1, unit: 'HOURS' } }], '2026-11-23T12:59:59.000Z'],
    [
      '1 year is the same date',
      [{ validity: { value: 1, unit: 'YEARS' } }],
      '2027-11-23T11:59:59.000Z',
    ],
    [
      '1 year from a leap day is 28 February',
      [{ validity: { value: 1, unit: 'YEARS' } }, { now: '2028-02-29T12:00:00Z' }],
      '2029-02-28T11:59:59.000Z',
    ],
    [
      '1 month from the 31st is the last day',
      [{ validity: { value: 1, unit: 'MONTHS' } }, { now: '2027-01-31T12:00:00Z' }],
      '2027-02-28T11:59:59.000Z',
    ],
  ])('%s', (_, args, notAfter) => {
    const [from, to] = windowOf(...args)
    expect(to).toBe(notAfter)
    expect(from).toMatch(/T11:59:00\.000Z$/)
  })
})

describe('refused', () => {
  test.each<[string, Parameters<typeof windowOf>[0]]>([
    ['0 days', { days: 0 }],
    ['399 days', { days: 399 }],
    ['half a day', { days: 0.5 }],
    ['minus one day', { days: -1 }],
    ['not a number', { days: Number.NaN }],
    ['more days than a calendar has', { days: 1e15 }],
    ['14 months', { validity: { value: 14, unit: 'MONTHS' } }],
    ['2 years', { validity: { value: 2, unit: 'YEARS' } }],
    ['398 days and an hour', { validity: { value: 398 * 24 + 1, unit: 'HOURS' } }],
    ['days and validity', { days: 1, validity: { value: 1, unit: 'DAYS' } }],
  ])('%s', (_, ordered) => {
    expect(windowOf(ordered)).toEqual(['validity'])
  })
})
