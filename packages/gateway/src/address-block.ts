import { BlockList, isIP } from 'node:net'
import { GatewayError } from './errors.ts'

/** An IP address or a CIDR block of a policy (gateway.md section 11.4, `ipBlocks`). */
export interface AddressBlock {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  /** `null` for one address. */
  readonly prefixLength: number | null
}

/** The block in `text`, such as `10.0.0.0/8`, `192.0.2.1` or `2001:db8::/32`. */
export function parseAddressBlock(text: string): AddressBlock {
  const [address = '', length, ...rest] = text.split('/')
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const formed =
    version !== 0 &&
    rest.length === 0 &&
    !address.includes('%') &&
    (length === undefined || (/^(0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= bits))
  if (!formed) {
    throw new GatewayError(
      'gateway/address-block',
      `"${text.slice(0, 80)}" is not an IP address or CIDR block such as 10.0.0.0/8`,
    )
  }
  return {
    address,
    family: version === 4 ? 'ipv4' : 'ipv6',
    prefixLength: length === undefined ? null : Number(length),
  }
}

/** A predicate for addresses inside any of `blocks`; IPv4-mapped addresses count as IPv4. */
export function compileAddressBlocks(blocks: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const block of blocks.map(parseAddressBlock)) {
    if (block.prefixLength === null) list.addAddress(block.address, block.family)
    else list.addSubnet(block.address, block.prefixLength, block.family)
  }
  return (address) => {
    const plain = /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
    const version = isIP(plain)
    return version !== 0 && list.check(plain, version === 4 ? 'ipv4' : 'ipv6')
  }
}
