import { devSubaccountId, newSubaccountId, type SubaccountId } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import type { Explanation } from '@twinlatch/trust'
import { beforeEach, describe, expect, test } from 'vitest'
import { createExplanationFeed, type ExplanationFeed } from './explanation-feed.ts'

const clock = createFakeClock('2026-11-23T12:00:00.000Z')
const acme = newSubaccountId()
let feed: ExplanationFeed
let renderings: string[]

beforeEach(() => {
  clock.set('2026-11-23T12:00:00.000Z')
  feed = createExplanationFeed({ clock, capacity: 100 })
  renderings = []
})

const blank: Explanation = {
  id: '',
  parentId: null,
  time: '',
  subaccount: 'dev',
  listener: 'gateway',
  outcome: 'denied',
  stage: 'policy',
  code: 'POL_NO_ALLOW_MATCHED',
  status: 403,
  summary: '',
  connection: {
    peer: '127.0.0.1:1',
    sni: null,
    alpn: null,
    protocol: null,
    cipher: null,
    resumed: false,
  },
  certificate: null,
  request: { method: 'GET', host: 'h', path: '/', route: null },
  steps: [],
  policies: [],
  hints: [],
}

function record(
  id: string,
  more: Partial<Explanation> = {},
  subaccountId: SubaccountId | null = devSubaccountId,
): void {
  clock.advance(1)
  const time = clock.now()
  const explanation = { ...blank, ...more, id, time: time.toISOString() }
  feed.record({
    id,
    time,
    subaccountId,
    outcome: explanation.outcome,
    render() {
      renderings.push(id)
      return explanation
    },
  })
}

const ids = (filter = {}, reader = devSubaccountId) => feed.list(reader, filter).map(({ id }) => id)

test('records are listed newest first, of both outcomes together', () => {
  record('a')
  record('b', { outcome: 'allowed' })
  record('c')
  record('d', { outcome: 'allowed' })
  expect(ids()).toEqual(['d', 'c', 'b', 'a'])
  expect(ids({ outcome: 'denied' })).toEqual(['c', 'a'])
  expect(ids({ outcome: 'allowed', limit: 1 })).toEqual(['d'])
})

test('a flood of allowed requests never evicts a refusal', () => {
  record('refused')
  for (let i = 0; i < 1000; i++) record(`ok-${i}`, { outcome: 'allowed' })
  expect(ids({ outcome: 'denied' })).toEqual(['refused'])
  expect(feed.find(devSubaccountId, 'refused')?.record.id).toBe('refused')
  expect(feed.last(devSubaccountId, 'denied')?.id).toBe('refused')
})

test('each outcome keeps its capacity, and the oldest goes, also by id', () => {
  for (let i = 0; i < 101; i++) record(`r-${i}`)
  expect(feed.find(devSubaccountId, 'r-0')).toBeNull()
  expect(feed.find(devSubaccountId, 'r-1')).not.toBeNull()
  expect(ids({ limit: 1000 }).length).toBe(100)
})

test('of two records with one id the newer is found, also after the older went', () => {
  record('same', { summary: 'older' })
  for (let i = 0; i < 50; i++) record(`r-${i}`)
  record('same', { summary: 'newer' })
  for (let i = 50; i < 110; i++) record(`r-${i}`)
  expect(feed.find(devSubaccountId, 'same')?.record.summary).toBe('newer')
})

test('the default capacity is ten thousand of each', () => {
  feed = createExplanationFeed({ clock })
  for (let i = 0; i < 10_001; i++) record(`r-${i}`)
  expect(feed.find(devSubaccountId, 'r-0')).toBeNull()
  expect(feed.find(devSubaccountId, 'r-1')).not.toBeNull()
})

test('a record is rendered when it is first looked at, and once only', () => {
  record('a')
  record('b')
  expect(renderings).toEqual([])
  expect(feed.last(devSubaccountId)?.id).toBe('b')
  expect(renderings).toEqual(['b'])
  ids()
  ids()
  expect(renderings).toEqual(['b', 'a'])
})

describe('filters', () => {
  beforeEach(() => {
    record('policy', { stage: 'policy' })
    record('route', { stage: 'route', status: 404 })
    record('control', { stage: 'token', status: 401, listener: 'control' })
    record('handshake', { stage: 'handshake', status: null, request: null })
    record('chain', { stage: 'chain', status: null, request: null })
    record('bad-request', { stage: 'accept', status: 400, request: null })
    record('broken-off', { stage: 'upstream', status: null })
    record('ok', { stage: 'response', outcome: 'allowed', status: 200 })
  })

  test.each([
    ['stage', { stage: 'route' }, ['route']],
    ['listener', { listener: 'control' }, ['control']],
    ['refused before HTTP', { beforeHttp: true }, ['chain', 'handshake']],
    ['two of them', { beforeHttp: true, stage: 'chain' }, ['chain']],
    ['a combination nothing has', { listener: 'control', stage: 'route' }, []],
  ])('by %s', (_name, filter, expected) => {
    expect(ids(filter)).toEqual(expected)
  })

  test('by time: after a moment, or within a span', () => {
    const moment = clock.now()
    expect(ids({ since: moment })).toEqual([])
    expect(ids({ since: new Date(moment.getTime() - 1) })).toEqual(['ok'])
    expect(ids({ withinMs: 2 })).toEqual(['ok', 'broken-off'])
    clock.advance(60_000)
    expect(ids({ withinMs: 2 })).toEqual([])
  })
})

describe('a reader', () => {
  beforeEach(() => {
    record('dev-1')
    record('acme-1', {}, acme)
    record('nobody-1', { subaccount: null }, null)
  })

  test('sees the records of its own subaccount only', () => {
    expect(ids({}, acme)).toEqual(['acme-1'])
    expect(feed.find(acme, 'dev-1')).toBeNull()
    expect(feed.find(acme, 'nobody-1')).toBeNull()
    expect(feed.last(acme)?.id).toBe('acme-1')
    expect(ids({}, newSubaccountId())).toEqual([])
  })

  test('in dev also sees those that belong to no subaccount, and no other', () => {
    expect(ids()).toEqual(['nobody-1', 'dev-1'])
    expect(feed.find(devSubaccountId, 'nobody-1')).not.toBeNull()
    expect(feed.find(devSubaccountId, 'acme-1')).toBeNull()
  })

  test('causes no rendering of what it does not see', () => {
    ids({}, acme)
    feed.find(acme, 'acme-1')
    expect(renderings).toEqual(['acme-1'])
  })
})

describe('a chain of calls', () => {
  test('is joined from any of its members, over several hops', () => {
    record('c', { parentId: 'b', outcome: 'allowed' })
    record('b', { parentId: 'a' })
    record('a', { parentId: null, outcome: 'allowed' })
    record('alone')
    const related = (id: string) =>
      feed.find(devSubaccountId, id)?.related.map((explanation) => explanation.id)
    expect(related('a')).toEqual(['b', 'c'])
    expect(related('b')).toEqual(['a', 'c'])
    expect(related('c')).toEqual(['a', 'b'])
    expect(related('alone')).toEqual([])
  })

  test('does not lead into another subaccount, whatever parent a caller claims', () => {
    record('mine')
    record('theirs', { parentId: 'mine' }, acme)
    record('nobody', { parentId: 'mine' }, null)
    expect(feed.find(devSubaccountId, 'mine')?.related).toEqual([])
    expect(feed.find(acme, 'theirs')?.related).toEqual([])
  })

  test('that names itself as parent ends', () => {
    record('a', { parentId: 'a' })
    record('b', { parentId: 'c' })
    record('c', { parentId: 'b' })
    expect(feed.find(devSubaccountId, 'a')?.related).toEqual([])
    expect(feed.find(devSubaccountId, 'b')?.related.map(({ id }) => id)).toEqual(['c'])
  })

  test('is not looked for in records of another time', () => {
    record('a')
    clock.advance(121_000)
    record('b', { parentId: 'a' })
    expect(feed.find(devSubaccountId, 'a')?.related).toEqual([])
  })
})
