import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import {
  type UpstreamPool,
  type UpstreamResponse,
  type UpstreamTarget,
  WireError,
} from '@twinlatch/wire'
import type { WorkloadTarget } from '../compiled.ts'
import { GatewayError } from '../errors.ts'
import { isForbiddenAddress, isPrivateAddress } from '../forbidden-address.ts'
import { privateUpstreamFault } from '../upstream-address.ts'
import { type WorkloadRequest, wasRead } from './workload.ts'

type UrlTarget = Extract<WorkloadTarget, { kind: 'url' }>

/**
 * Calls a workload by its URL. The name is resolved here and the address is what is connected to,
 * so that no name can lead to a link-local or metadata address after it was checked. Rejects with
 * `gateway/upstream-address` for those, with a `WireError` for everything else.
 */
export function callUrl(
  pool: UpstreamPool,
  target: UrlTarget,
  request: WorkloadRequest,
): Promise<UpstreamResponse> {
  const places = fixed?.get(target)
  const [only] = places ?? []
  // An address is all that there is to try: nothing has to wait for anything here.
  if (only && places?.length === 1) return callPlace(pool, only, request)
  return callPlaces(pool, target, request)
}

async function callPlaces(
  pool: UpstreamPool,
  target: UrlTarget,
  request: WorkloadRequest,
): Promise<UpstreamResponse> {
  const places = fixedPlaces(target) ?? (await placesOf(target))
  for (const [index, place] of places.entries()) {
    try {
      return await callPlace(pool, place, request)
    } catch (error) {
      const last = index === places.length - 1
      if (last || !mayTryNext(error, request)) throw error
    }
  }
  throw new WireError('wire/upstream-refused', `${target.host} has no address`)
}

function callPlace(
  pool: UpstreamPool,
  target: UpstreamTarget,
  { method, path, headers, body, signal }: WorkloadRequest,
): Promise<UpstreamResponse> {
  return pool.request({ target, method, path, headers, body, signal })
}

/**
 * Throws `gateway/upstream-address` if one of the addresses may not be an upstream: link-local
 * ranges and the metadata services of cloud providers, which hand credentials to whoever asks; with
 * `publicOnly` also those of this machine and of private networks.
 */
export function assertAllowed(
  host: string,
  addresses: readonly string[],
  { publicOnly = false } = {},
): void {
  const own = publicOnly ? addresses.find(isPrivateAddress) : undefined
  if (own !== undefined) {
    const place = own === host ? host : `${host}, which is ${own},`
    throw new GatewayError('gateway/upstream-address', privateUpstreamFault(place))
  }
  const forbidden = addresses.find(isForbiddenAddress)
  if (forbidden === undefined) return
  throw new GatewayError(
    'gateway/upstream-address',
    `${host} is ${forbidden}, a link-local or metadata address; those are never upstreams`,
  )
}

/**
 * Places of hosts that need no look-up, checked once: an address does not change, and the places
 * of a target are let go with the compiled value it belongs to.
 */
let fixed: WeakMap<UrlTarget, readonly UpstreamTarget[]> | undefined

function fixedPlaces(target: UrlTarget): readonly UpstreamTarget[] | null {
  fixed ??= new WeakMap()
  const known = fixed.get(target)
  if (known) return known
  const addresses = fixedAddresses(target.host)
  if (addresses === null) return null
  const places = allowedPlaces(target, addresses)
  fixed.set(target, places)
  return places
}

async function placesOf(target: UrlTarget): Promise<readonly UpstreamTarget[]> {
  return allowedPlaces(target, await resolve(target.host))
}

function allowedPlaces(target: UrlTarget, addresses: readonly string[]): UpstreamTarget[] {
  assertAllowed(target.host, addresses, target)
  return addresses.map((address) => upstreamTarget(target, address))
}

function upstreamTarget({ protocol, host, port }: UrlTarget, address: string): UpstreamTarget {
  if (protocol === 'http') return { host: address, port, tls: null }
  return {
    host: address,
    port,
    tls: {
      serverName: host,
      authoritiesPem: rootCertificates,
      certificateChainPem: null,
      privateKeyPem: null,
    },
  }
}

/** Addresses of a literal or of a name of this machine; `null` for a name to be looked up. */
function fixedAddresses(host: string): string[] | null {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0) return [bare]
  const name = bare.toLowerCase().replace(/\.$/, '')
  // RFC 6761 section 6.3; many system resolvers do not know these names.
  return name === 'localhost' || name.endsWith('.localhost') ? ['127.0.0.1', '::1'] : null
}

async function resolve(host: string): Promise<string[]> {
  try {
    const name = host.toLowerCase().replace(/\.$/, '')
    return (await lookup(name, { all: true })).map(({ address }) => address)
  } catch (cause) {
    throw new WireError('wire/upstream-refused', `${host} cannot be resolved`, { cause })
  }
}

function mayTryNext(error: unknown, { body }: WorkloadRequest): boolean {
  const refused = error instanceof WireError && error.code === 'wire/upstream-refused'
  return refused && !wasRead(body)
}
