import { expect, test } from 'vitest'
import { isForbiddenAddress, isPrivateAddress } from './forbidden-address.ts'
import { parseUpstreamAddress } from './upstream-address.ts'
import { assertAllowed } from './workloads/url.ts'

const forbidden = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '192.0.0.192',
  '168.63.129.16',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  'fe80::1',
  'ff02::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  // The same IPv4 address inside IPv6: mapped, compatible, translated, NAT64, local NAT64, 6to4.
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::a9fe:a9fe',
  '::ffff:0:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b:1::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
]

test.each(forbidden)('%s is no upstream, as a literal and as what a name leads to', (address) => {
  const host = address.includes(':') ? `[${address}]` : address
  const refused = expect.objectContaining({ code: 'gateway/upstream-address' })
  expect(() => parseUpstreamAddress(`http://${host}:80`)).toThrow(refused)
  expect(() => assertAllowed('innocent.example', ['192.0.2.1', address])).toThrow(refused)
})

test.each(['fe80::1%eth0', 'fe80::1%25', 'no address', ''])('"%s" is forbidden too', (address) => {
  expect(isForbiddenAddress(address)).toBe(true)
})

test.each([
  '127.0.0.1',
  '::1',
  '10.0.0.1',
  '192.168.0.1',
  'fd00::1',
  '2001:db8::1',
  '::ffff:127.0.0.1',
  '64:ff9b::c000:201',
  '2002:c000:201::1',
])('%s is an upstream like any other', (address) => {
  expect(isForbiddenAddress(address)).toBe(false)
})

test.each([
  '127.0.0.1',
  '127.8.8.8',
  '::1',
  '10.0.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '100.64.0.1',
  '198.18.0.1',
  'fd00::1',
  'fec0::1',
  '::ffff:127.0.0.1',
  '::ffff:0:a00:1',
  '64:ff9b::c0a8:1',
  '64:ff9b:1::a00:1',
  '2002:a00:1::1',
  'no address',
])('%s is private, as a literal and as what a name leads to', (address) => {
  expect(isPrivateAddress(address)).toBe(true)
  expect(() =>
    assertAllowed('a.example', ['93.184.215.14', address], { publicOnly: true }),
  ).toThrow(expect.objectContaining({ code: 'gateway/upstream-address' }))
})

test.each(['93.184.215.14', '172.32.0.1', '100.128.0.1', '2001:4860::1', '::ffff:5db8:d70e'])(
  '%s is public',
  (address) => {
    expect(isPrivateAddress(address)).toBe(false)
    expect(() => assertAllowed('a.example', [address], { publicOnly: true })).not.toThrow()
  },
)
