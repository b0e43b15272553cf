import { covers, intersection } from '../istio/host-name.ts'

/** A host that a Gateway of a subaccount answers for on a port. */
interface Claim {
  readonly host: string
  readonly listenerPort: number
  readonly subaccountId: string
}

/**
 * Who has claimed which hosts, in order. Two claims conflict on the same port and name, and across
 * subaccounts wherever their patterns overlap (gateway.md section 5.1). A look costs the same with
 * ten claims and with ten thousand: only names that can overlap are met.
 */
export class ClaimedHosts<C extends Claim> {
  readonly #claims: C[] = []
  /** Positions of claims by their own host, and below each wildcard that covers them. */
  readonly #named = new Map<string, number[]>()
  readonly #below = new Map<string, number[]>()

  add(claim: C): void {
    const position = this.#claims.push(claim) - 1
    put(this.#named, claim.host, position)
    for (const pattern of patternsAbove(claim.host)) put(this.#below, pattern, position)
  }

  /** The earliest claim that conflicts with `claim`. */
  conflictWith(claim: C): C | undefined {
    const names = [claim.host, ...patternsAbove(claim.host)]
    const lists = [this.#below.get(claim.host), ...names.map((name) => this.#named.get(name))]
    let earliest: number | undefined
    for (const positions of lists) {
      const found = positions?.find((position) => this.#conflicts(position, claim))
      if (found !== undefined && (earliest === undefined || found < earliest)) earliest = found
    }
    return earliest === undefined ? undefined : this.#claims[earliest]
  }

  #conflicts(position: number, claim: C): boolean {
    const taken = this.#claims[position]
    if (taken === undefined) return false
    if (taken.subaccountId !== claim.subaccountId) {
      return intersection(taken.host, claim.host) !== null
    }
    return taken.listenerPort === claim.listenerPort && taken.host === claim.host
  }
}

/** Every wildcard that covers `host` and is not `host` itself. */
function patternsAbove(host: string): string[] {
  const name = host.startsWith('*.') ? host.slice(2) : host
  const labels = name.split('.')
  return ['*', ...labels.map((_, index) => `*.${labels.slice(index).join('.')}`)].filter(
    (pattern) => pattern !== host && covers(pattern, host),
  )
}

function put(map: Map<string, number[]>, key: string, position: number): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [position])
  else list.push(position)
}
