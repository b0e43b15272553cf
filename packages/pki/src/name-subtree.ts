/**
 * True when a DNS name lies in a subtree: the name itself or any number of labels before it; a base
 * with a leading dot means labels before it only. A wildcard name is excluded when one of the names
 * it stands for is.
 */
export function matchesDns(name: string, base: string, list: 'permitted' | 'excluded'): boolean {
  const host = canonical(name)
  const root = canonical(base)
  if (root === '' || isBelow(host, root)) return true
  if (list === 'permitted' || !host.startsWith('*.')) return false
  const parent = host.slice(1)
  return root.endsWith(parent) && !root.slice(0, -parent.length).includes('.')
}

/**
 * True when a mailbox lies in a subtree: one mailbox (`a@host`), all of a host (`host`), or all of the
 * hosts of a domain (`.domain`). `null` for a name that is no mailbox.
 */
export function matchesEmail(name: string, base: string): boolean | null {
  const at = name.lastIndexOf('@')
  if (at < 1 || at === name.length - 1) return null
  const host = canonical(name.slice(at + 1))
  const baseAt = base.lastIndexOf('@')
  if (baseAt >= 0) {
    return name.slice(0, at) === base.slice(0, baseAt) && host === canonical(base.slice(baseAt + 1))
  }
  return matchesHost(host, canonical(base))
}

/**
 * True when the host of a URI is the base, or lies below it when the base begins with a dot. `null`
 * for a URI without a host name: RFC 5280 section 4.2.1.10 has such a certificate refused.
 */
export function matchesUri(name: string, base: string): boolean | null {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(name)?.[1]
  const host = authority?.replace(/^.*@/, '').replace(/:\d*$/, '')
  if (host === undefined || !/^[a-z0-9_.-]+$/i.test(host) || /^[\d.]+$/.test(host)) return null
  return matchesHost(canonical(host), canonical(base))
}

/** True when an address of 4 or 16 octets lies in a network given as address and mask. */
export function matchesIp(address: Uint8Array, network: Uint8Array): boolean {
  const size = address.length
  if (network.length !== size * 2) return false
  return address.every((octet, index) => {
    const mask = network[size + index] ?? 0xff
    return (octet & mask) === ((network[index] ?? 0) & mask)
  })
}

function matchesHost(host: string, base: string): boolean {
  return base === '' || (base.startsWith('.') ? host.endsWith(base) : host === base)
}

function isBelow(host: string, root: string): boolean {
  return root.startsWith('.') ? host.endsWith(root) : host === root || host.endsWith(`.${root}`)
}

function canonical(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}
