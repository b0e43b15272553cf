import { type LookupAddress, type LookupOptions, lookup } from 'node:dns'

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void

/**
 * Name lookup for `net.connect` and `tls.connect` that answers `localhost` and every name below it
 * itself, with the loopback addresses (RFC 6761 section 6.3): system resolvers often know none of
 * them. A loopback name is never sent to a name server. Everything else goes to the system.
 */
export function loopbackLookup(
  hostname: string,
  options: LookupOptions,
  callback: LookupCallback,
): void {
  if (!isLoopbackName(hostname)) {
    lookup(hostname, options, callback)
    return
  }
  const wanted = loopbackAddresses.filter(({ family }) => fitsFamily(family, options.family))
  const first = wanted[0] ?? loopbackV4
  process.nextTick(() => {
    if (options.all === true) callback(null, [...wanted])
    else callback(null, first.address, first.family)
  })
}

/** Whether a name stands for this machine by RFC 6761 section 6.3; a trailing dot changes nothing. */
export function isLoopbackName(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '')
  return name === 'localhost' || name.endsWith('.localhost')
}

const loopbackV4: LookupAddress = { address: '127.0.0.1', family: 4 }
/** IPv4 first: a server that listens on one address only is found there more often. */
const loopbackAddresses: readonly LookupAddress[] = [loopbackV4, { address: '::1', family: 6 }]

function fitsFamily(family: number, wanted: LookupOptions['family']): boolean {
  if (wanted === 'IPv4') return family === 4
  if (wanted === 'IPv6') return family === 6
  return wanted === undefined || wanted === 0 || wanted === family
}
