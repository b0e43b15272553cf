import type { JsonObject, JsonValue, StoredDocument } from '../document.ts'
import type { GatewayDocument } from '../istio/gateway.ts'
import { hostFault } from '../istio/host-name.ts'
import type { Resource } from './resources.ts'

/**
 * A Gateway that was accepted once and that this version refuses. Its hosts stay its own, closed:
 * left out, they would fall to a broader server, which may be a weaker one.
 */
export interface UnreadableGateway extends Resource<GatewayDocument> {
  /** Why its servers are closed. */
  readonly reason: string
  /** Whether it may have hosts that cannot be told: then its whole subaccount is closed. */
  readonly hasUnknownHosts: boolean
}

/** What can be told of a stored Gateway whose `fault` keeps it from being read. */
export function salvageGateway(stored: StoredDocument, fault: string): UnreadableGateway {
  const { namespace, name, createdAt, body } = stored
  const id = `${namespace}/${name}`
  const spec = objectOf(body['spec'])
  const servers = Array.isArray(spec?.['servers']) ? spec['servers'] : [null]
  const parts = servers.map((server) => salvageServer(objectOf(server)))
  return {
    namespace,
    name,
    id,
    createdAt,
    reason: `Gateway ${id} cannot be read by this version (${fault}); apply it anew or delete it`,
    hasUnknownHosts: parts.some(({ complete }) => !complete),
    document: {
      apiVersion: stored.apiVersion,
      kind: 'Gateway',
      metadata: { name, namespace },
      spec: {
        selector: selectorOf(spec),
        servers: parts.map(({ hosts, port, portName }, index) => ({
          hosts,
          port: { number: port, name: portName ?? `unreadable-${index}`, protocol: 'HTTPS' },
          tls: { mode: 'MUTUAL' },
        })),
      },
    } as GatewayDocument,
  }
}

function salvageServer(server: JsonObject | null) {
  const port = objectOf(server?.['port'])
  const texts = Array.isArray(server?.['hosts']) ? server['hosts'] : [null]
  const hosts = texts.flatMap((text) => {
    if (typeof text !== 'string') return []
    const host = text.slice(text.indexOf('/') + 1).toLowerCase()
    return hostFault(host, { shortName: true }) === null ? [{ namespace: '*', host }] : []
  })
  return {
    hosts,
    complete: hosts.length === texts.length && texts.length > 0,
    /** Zero is on no port map: then it is closed on every port. */
    port: typeof port?.['number'] === 'number' ? port['number'] : 0,
    portName: typeof port?.['name'] === 'string' ? port['name'] : null,
  }
}

/** Only a selector that can be read says that the Gateway is somebody else's. */
function selectorOf(spec: JsonObject | null): Record<string, string> {
  const entries = Object.entries(objectOf(spec?.['selector']) ?? {})
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}

function objectOf(value: JsonValue | undefined): JsonObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : null
}
