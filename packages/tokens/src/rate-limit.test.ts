import { createFakeClock } from '@twinlatch/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { openTokenStack } from '../testing/token-stack.ts'
import { addressKey, createRateLimiter } from './rate-limit.ts'

describe('a token bucket', () => {
  test('lets a burst through, then one per interval, and names the seconds to wait', () => {
    const clock = createFakeClock()
    const limiter = createRateLimiter({ burst: 2, perSecond: 0.5 }, 10, clock)
    expect([limiter.take('a'), limiter.take('a'), limiter.take('a')]).toEqual([0, 0, 2])
    clock.advance(1999)
    expect(limiter.take('a')).toBeGreaterThan(0)
    clock.advance(1)
    expect(limiter.take('a')).toBe(0)
  })

  test('counts every key by itself', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 1 }, 10, createFakeClock())
    expect([limiter.take('a'), limiter.take('b'), limiter.take('a')]).toEqual([0, 0, 1])
  })

  test('survives a clock that is set back', () => {
    const clock = createFakeClock()
    const limiter = createRateLimiter({ burst: 1, perSecond: 1 }, 10, clock)
    limiter.take('a')
    clock.advance(-3_600_000)
    expect(limiter.take('a')).toBe(1)
    clock.advance(1000)
    expect(limiter.take('a')).toBe(0)
  })

  test('remembers no more keys than it may, and forgets the least recently used', () => {
    const limiter = createRateLimiter({ burst: 1, perSecond: 0.001 }, 2, createFakeClock())
    limiter.take('a')
    limiter.take('b')
    limiter.take('a')
    limiter.take('c')
    expect(limiter.size).toBe(2)
    expect(limiter.take('a')).toBeGreaterThan(0)
  })
})

describe('the key of an address', () => {
  test.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.1.2.3', '10.1.2.3'],
    ['::1', '0:0:0:0::/64'],
    ['2001:db8:0:7:1:2:3:4', '2001:db8:0:7::/64'],
    ['2001:0DB8::7', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(addressKey(address)).toBe(key)
  })

  test('all addresses of one IPv6 network count together', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16))
    const groups = fc.tuple(group, group, group, group)
    fc.assert(
      fc.property(groups, groups, groups, (network, a, b) => {
        const key = (host: readonly string[]) => addressKey([...network, ...host].join(':'))
        expect(key(a)).toBe(key(b))
      }),
    )
  })
})

describe('the token endpoint', () => {
  const wrong = (clientId: string) => ({
    grant_type: 'client_credentials',
    client_id: clientId,
    client_secret: 'guess',
  })

  test('stops guesses at one client, also parallel ones, and says when to try again', async () => {
    const clock = createFakeClock()
    await using stack = await openTokenStack(clock)
    const { clientid = '', clientsecret = '' } = await stack.bind('app')
    const right = { ...wrong(clientid), client_secret: clientsecret }
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => stack.token(wrong(clientid))),
    )
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(20)
    const refused = await stack.token(wrong(clientid))
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBe(6)
    expect(await refused.json()).toMatchObject({ error: 'temporarily_unavailable' })
    clock.advance(6000)
    expect((await stack.token(wrong(clientid))).status).toBe(401)
    expect((await stack.token(right)).status).toBe(200)
  })

  test('a right secret is never refused for the failures of others at the same address', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { clientid = '', clientsecret = '' } = await stack.bind('app')
    for (let guess = 0; guess < 60; guess += 1) await stack.token(wrong(`sb-${guess}!b1`))
    for (let guess = 0; guess < 20; guess += 1) await stack.token(wrong(clientid))
    expect((await stack.token(wrong(clientid))).status).toBe(429)
    const right = { ...wrong(clientid), client_secret: clientsecret }
    expect((await stack.token(right)).status).toBe(200)
  })

  test('a client that wants tokens all the time is slowed down, and only that one', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const credentials = async (name: string) => {
      const { clientid = '', clientsecret = '' } = await stack.bind(name)
      return { ...wrong(clientid), client_secret: clientsecret }
    }
    const [greedy, other] = [await credentials('greedy'), await credentials('other')]
    const answers = await Promise.all(Array.from({ length: 201 }, () => stack.token(greedy)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(200)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(1)
    expect((await stack.token(other)).status).toBe(200)
  })

  test('a stranger who guesses from elsewhere does not lock the client out', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { clientid = '', clientsecret = '' } = await stack.bind('app')
    for (let guess = 0; guess < 12; guess += 1) await stack.token(wrong(clientid), {}, '10.0.0.9')
    expect((await stack.token(wrong(clientid), {}, '10.0.0.9')).status).toBe(429)
    const right = { ...wrong(clientid), client_secret: clientsecret }
    expect((await stack.token(right, {}, '10.0.0.8')).status).toBe(200)
  })

  test('guesses at many clients count for their address', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const statuses: number[] = []
    for (let guess = 0; guess < 51; guess += 1) {
      statuses.push((await stack.token(wrong(`sb-${guess}!b1`), {}, '10.0.0.9')).status)
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(50)
    expect(statuses.at(-1)).toBe(429)
    expect((await stack.token(wrong('sb-0!b1'), {}, '10.0.0.7')).status).toBe(401)
  })

  test('right secrets never use up the allowance for wrong ones', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const { clientid = '', clientsecret = '' } = await stack.bind('app')
    const right = { ...wrong(clientid), client_secret: clientsecret }
    for (let call = 0; call < 60; call += 1) {
      expect((await stack.token(right)).status).toBe(200)
    }
  })
})
