import type { DecisionCode } from '@twinlatch/trust'
import { authority, client, type Order, type Party } from './mint.ts'

/** What a client presents, and what the host trusts. */
export interface Material {
  readonly leaf: Party
  /** Sent above the leaf, in this order. */
  readonly above: readonly Party[]
  readonly anchors: readonly Party[]
  /** DER of revocation lists; with one, every issuer needs one. */
  readonly crls?: readonly Uint8Array[]
}

/** One rule just kept or just broken. */
export interface PathCase {
  /** Unique, a sentence part that stands in the reference. */
  readonly name: string
  /** Where the rule is written. */
  readonly rule: string
  /** `unreadable`: the leaf or the bundle is no certificate for us. */
  readonly verdict: 'accepted' | 'unreadable' | DecisionCode
  readonly build: () => Material
  /** Why no TLS stack can be asked: the moment passes, or no TLS client loads such a certificate. */
  readonly noHandshake?: string
}

/** A case in a table: name, verdict, material; the rule is the one of the table. */
export type Row = readonly [
  name: string,
  verdict: PathCase['verdict'],
  build: () => Material,
  noHandshake?: string,
]

/** The cases of one rule. */
export function casesOf(rule: string, rows: readonly Row[]): PathCase[] {
  return rows.map(([name, verdict, build, noHandshake]) => ({
    ...{ name, rule, verdict, build },
    ...(noHandshake === undefined ? {} : { noHandshake }),
  }))
}

/** Root, intermediate and client certificate that keep every rule, with changes. */
export function chain(
  leaf: Order = {},
  intermediate: Order = {},
  root: Order = {},
): Material & { readonly root: Party; readonly issuing: Party } {
  const top = authority(root)
  const issuing = authority({ name: 'Issuing', by: top, ...intermediate })
  return {
    leaf: client({ by: issuing, ...leaf }),
    above: [issuing],
    anchors: [top],
    root: top,
    issuing,
  }
}

/** A root, that many intermediates, and a client certificate; `change` is for each intermediate. */
export function deepChain(
  count: number,
  change: (index: number) => Order = () => ({}),
  root: Order = {},
): Material {
  const top = authority(root)
  const above: Party[] = []
  for (let index = 1; index <= count; index += 1) {
    const by = above[0] ?? top
    above.unshift(authority({ name: `Issuing ${index}`, by, ...change(index) }))
  }
  return { leaf: client({ by: above[0] ?? top }), above, anchors: [top] }
}
