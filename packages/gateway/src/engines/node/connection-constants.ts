import { detached } from '../../clip.ts'
import type { HostChoice } from '../../compiled.ts'
import type { ConnectionContext } from './connection.ts'
import { type FilledNames, filledNames } from './inbound-headers.ts'
import type { RunningPort, RunningServer } from './running.ts'
import { gatewayPoint, type PolicyPoint } from './views.ts'
import { ownXfccElement } from './xfcc-mode.ts'

type Line = readonly [name: string, value: string]

/**
 * What is the same for every request of a connection while one configuration runs. Kept by the
 * running port, which every swap makes anew: nothing of an earlier configuration can be found here.
 */
export class ConnectionConstants {
  readonly point: PolicyPoint
  /** Our element for the peer, `null` without a certificate (gateway.md section 7.2). */
  readonly ownXfcc: Line | null
  readonly externalAddress: Line
  readonly #port: RunningPort
  readonly #server: RunningServer
  #authority: string | null = null
  #host: ChosenHost | null = null

  constructor(
    context: ConnectionContext,
    running: { readonly port: RunningPort; readonly server: RunningServer },
    destinationPort: number,
  ) {
    const { port, server } = running
    this.point = gatewayPoint(context, destinationPort)
    const element = ownXfccElement(server.server, context.identity)
    this.ownXfcc = element === null ? null : ['x-forwarded-client-cert', element]
    this.externalAddress = ['x-envoy-external-address', context.peer.address]
    this.#port = port
    this.#server = server
  }

  /** The virtual host for `authority`; a connection rarely asks for two. */
  hostOf(authority: string): ChosenHost {
    if (this.#host !== null && this.#authority === authority) return this.#host
    const choice = this.#port.compiled.chooseVirtualHost(this.#server.server, authority)
    const names = choice.kind === 'virtual-host' ? choice.virtualHost.peerFilledHeaders : noNames
    const host = { choice, peerFilled: filledNames(names) }
    // A piece of a request would keep the whole of it.
    this.#authority = detached(authority)
    this.#host = host
    return host
  }
}

interface ChosenHost {
  readonly choice: HostChoice
  readonly peerFilled: FilledNames
}

const noNames: ReadonlySet<string> = new Set()

/** The constants of a connection of this port, made when they are first needed. */
export function constantsOf(
  context: ConnectionContext,
  port: RunningPort,
  destinationPort: number,
): ConnectionConstants {
  const known = port.constants.get(context)
  if (known) return known
  const server = port.servers.get(context.serverKey)
  if (!server) throw new TypeError('a request of a server that does not run')
  const fresh = new ConnectionConstants(context, { port, server }, destinationPort)
  port.constants.set(context, fresh)
  return fresh
}
