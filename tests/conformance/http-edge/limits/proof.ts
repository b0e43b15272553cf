import type { Exchange, UpstreamTls, WireLimits } from '@twinlatch/wire'
import type { Edge } from '../edge.ts'

/** Opens an edge with these limits in the place of ours; closed after the test. */
export type EdgeWith = (
  limits: Partial<WireLimits>,
  more?: {
    readonly handle?: (exchange: Exchange<string>) => Promise<void>
    readonly upstreamPort?: number
    readonly upstreamTls?: UpstreamTls
  },
) => Promise<Edge>

/** Shows that a limit holds where it was put: what is beyond it does not pass. */
export type Proof = (edgeWith: EdgeWith) => Promise<void>
