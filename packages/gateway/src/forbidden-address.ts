import { BlockList, isIP } from 'node:net'

/** Never an upstream: who answers there hands credentials to whoever asks, or is no one host. */
const forbiddenRanges: readonly (readonly [network: string, bits: number])[] = [
  // "This network" (RFC 1122 section 3.2.1.3): Linux reads it as loopback.
  ['0.0.0.0', 8],
  ['::', 128],
  // Link-local (RFC 3927; RFC 4291 section 2.5.6) with the metadata address of most clouds.
  ['169.254.0.0', 16],
  ['fe80::', 10],
  // Metadata services elsewhere: Alibaba, Oracle, Azure; AWS and Google over IPv6.
  ['100.100.100.200', 32],
  ['192.0.0.192', 32],
  ['168.63.129.16', 32],
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  // Multicast and broadcast.
  ['224.0.0.0', 4],
  ['255.255.255.255', 32],
  ['ff00::', 8],
]

/** Addresses that are of use only inside a machine or a network (RFC 6890). */
const privateRanges: readonly (readonly [network: string, bits: number])[] = [
  ['127.0.0.0', 8],
  ['::1', 128],
  // RFC 1918; RFC 4193; site-local, which is deprecated and still routed by some (RFC 3879).
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['fc00::', 7],
  ['fec0::', 10],
  // Between a provider and its customers (RFC 6598), protocol assignments, benchmarks, reserved.
  ['100.64.0.0', 10],
  ['192.0.0.0', 24],
  ['198.18.0.0', 15],
  ['240.0.0.0', 4],
]

let forbidden: BlockList | undefined
let privates: BlockList | undefined

/**
 * Whether an IP address may not be an upstream (architecture.md, "Upstream of a Service"), in every
 * form in which IPv6 carries an IPv4 address. A text that is no address is forbidden.
 */
export function isForbiddenAddress(address: string): boolean {
  forbidden ??= createBlocks(forbiddenRanges)
  return isWithin(forbidden, address)
}

/** Whether an IP address is of this machine or of a private network; a text that is none is. */
export function isPrivateAddress(address: string): boolean {
  privates ??= createBlocks(privateRanges)
  return isWithin(privates, address)
}

function isWithin(blocks: BlockList, address: string): boolean {
  const plain = address.replace(/%.*$/, '')
  const version = isIP(plain)
  if (version === 0) return true
  if (version === 4) return blocks.check(plain, 'ipv4')
  const inner = embeddedIpv4(groupsOf(plain))
  return blocks.check(plain, 'ipv6') || (inner !== null && blocks.check(inner, 'ipv4'))
}

function createBlocks(ranges: typeof forbiddenRanges): BlockList {
  const list = new BlockList()
  for (const [network, bits] of ranges) {
    list.addSubnet(network, bits, network.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** The eight groups of an IPv6 address; a URL parser writes all of them in hex. */
function groupsOf(address: string): number[] {
  const { hostname } = new URL(`http://[${address}]`)
  const [head = '', tail = ''] = hostname.slice(1, -1).split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].map((group) => Number.parseInt(group, 16))
}

/** IPv4-compatible, -mapped and -translated (RFC 4291, 2765), NAT64 (RFC 6052, 8215), 6to4 (RFC 3056). */
function embeddedIpv4(groups: readonly number[]): string | null {
  const start = groups.slice(0, 6).map((group) => group.toString(16))
  const prefix = start.join(':')
  const last = [groups[6] ?? 0, groups[7] ?? 0]
  if (start[0] === '2002') return ipv4Of([groups[1] ?? 0, groups[2] ?? 0])
  if (prefix.startsWith('64:ff9b:1:')) return ipv4Of(last)
  // Below ::1:0 lie `::` and `::1`, which are addresses of their own.
  if (prefix === '0:0:0:0:0:0') return last[0] === 0 ? null : ipv4Of(last)
  return carriers.has(prefix) ? ipv4Of(last) : null
}

const carriers: ReadonlySet<string> = new Set([
  '0:0:0:0:0:ffff',
  '0:0:0:0:ffff:0',
  '64:ff9b:0:0:0:0',
])

function ipv4Of(groups: readonly number[]): string {
  return groups.flatMap((group) => [group >> 8, group & 0xff]).join('.')
}
