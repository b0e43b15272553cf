import { expect, test } from 'vitest'
import { wireLimits } from '../limits.ts'
import { AddressCount } from './address-count.ts'

test('an address holds so many, and another one as many again', () => {
  const count = new AddressCount(2)
  expect(['192.0.2.1', '192.0.2.1', '192.0.2.1'].map((a) => count.take(a))).toEqual([
    true,
    true,
    false,
  ])
  expect(count.take('192.0.2.2')).toBe(true)
  count.give('192.0.2.1')
  expect(count.take('192.0.2.1')).toBe(true)
  expect(count.take('192.0.2.1')).toBe(false)
})

test.each([
  ['2001:db8::1', '2001:db8::ffff:1', false],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::9', false],
  ['fe80::1%eth0', 'fe80::2%eth1', false],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', true],
  ['2001:db8::1', '192.0.2.1', true],
])('%s and %s: the second one is let in beside the first: %s', (first, second, both) => {
  const count = new AddressCount(1)
  expect([count.take(first), count.take(second)]).toEqual([true, both])
})

test.each(['127.0.0.1', '127.9.9.9', '::1'])('%s counts only below our own limit', (address) => {
  const ours = new AddressCount(wireLimits.openConnectionsPerAddressMax)
  const lower = new AddressCount(1)
  for (let held = 0; held <= wireLimits.openConnectionsPerAddressMax; held += 1) {
    expect(ours.take(address)).toBe(true)
  }
  expect([lower.take(address), lower.take(address)]).toEqual([true, false])
})
