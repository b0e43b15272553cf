import { wireLimits } from '../limits.ts'

/**
 * How many connections each client address holds. Whoever has an IPv6 address has all of its /64
 * (RFC 6177), so those count as one. Loopback is one machine with many clients, often a proxy: it
 * counts only where somebody has set a lower limit than ours.
 */
export class AddressCount {
  readonly #open = new Map<string, number>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  /** Whether `address` may hold one more; counted if so. */
  take(address: string): boolean {
    const network = networkOf(address)
    const count = this.#open.get(network) ?? 0
    if (count >= this.#max && !this.#isExempt(address)) return false
    this.#open.set(network, count + 1)
    return true
  }

  /** Gives back what was taken. */
  give(address: string): void {
    const network = networkOf(address)
    const count = this.#open.get(network) ?? 0
    if (count > 1) this.#open.set(network, count - 1)
    else this.#open.delete(network)
  }

  #isExempt(address: string): boolean {
    const isLoopback = address === '::1' || address.startsWith('127.')
    return isLoopback && this.#max >= wireLimits.openConnectionsPerAddressMax
  }
}

/** The first four groups of an IPv6 address as the system writes it (RFC 5952), else the address. */
function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...new Array<string>(zeros).fill('0'), ...right]
  return groups.slice(0, 4).join(':')
}
