import { z } from 'zod'
import { serverConfig } from '../serve/server-config.ts'
import { code, page, table } from './markdown.ts'

/** What each setting means; a setting without an entry fails the test of this page. */
const meanings: ReadonlyMap<string, string> = new Map([
  ['log.level', 'what the log on stderr holds; `--log-level` and `TWINLATCH_LOG_LEVEL` win'],
  [
    'audit.retentionDays',
    'age in days at which rows of the audit log are removed; `null`: they are kept for ever',
  ],
  ['gateway.portMap', 'port of a manifest to port of the listener; `up` sets 443 itself'],
  ['gateway.labels', 'labels of our gateway: `spec.selector` of Gateways and policies meets them'],
  [
    'gateway.ingressNamespace',
    'namespace of our gateway, and of the Secrets that `credentialName` means',
  ],
  ['gateway.rootNamespace', 'policies in this namespace hold for all'],
  ['gateway.clusterDomain', 'what follows `.svc.` in names of Services'],
  ['gateway.trustDomain', 'first part of principals: `<trust domain>/ns/<namespace>/sa/<account>`'],
  ['gateway.gatewayServiceAccount', "last part of the gateway's own principal"],
  ['gateway.xfcc.mode', 'what happens to `x-forwarded-client-cert`, as Envoy names it'],
  ['gateway.xfcc.details', 'parts of the certificate that the header tells'],
  [
    'gateway.xfcc.trustedProxyAcknowledged',
    'must be true for a mode that believes what a client sent',
  ],
  ['gateway.meshHop.enabled', 'add a second element, as the sidecar of a mesh workload does'],
  ['gateway.meshHop.gatewayCertificateSha256', '`Hash` of that element'],
  [
    'gateway.istioCompat',
    'be no more than Istio: our own policy keys and targets are refused; hosts of equal trust may share a connection',
  ],
  [
    'gateway.upstreams.privateAddresses',
    'whether `twinlatch.dev/upstream` may lead to this machine or a private network; switch it off where tenants are not trusted with them',
  ],
  [
    'gateway.openConnectionsPerAddressMax',
    'open connections of one client address (of one /64 with IPv6) to a port; loopback counts only with a lower value than the default',
  ],
  [
    'gateway.hostClaims.default',
    'hosts that Gateways may claim, of subaccounts that are not named below; `[]`: none',
  ],
  ['gateway.hostClaims.subaccounts', 'the same by GUID of the subaccount, or `dev`'],
  ['gateway.serverHeader', 'response header `server`'],
  ['gateway.hostname', 'value of `%HOSTNAME%`'],
])

/** The parts of a JSON schema that the page shows. */
interface Schema {
  readonly type?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: Schema | boolean
}

/** `docs/reference/config.md`: every setting of `config.yaml`, from the schema that reads it. */
export function configPage(): string {
  const settings = settingsOf(z.toJSONSchema(serverConfig, { io: 'input' }) as Schema, '')
  const unknown = [...meanings.keys()].filter((path) => !settings.some(([name]) => name === path))
  if (unknown.length > 0) throw new TypeError(`no such settings: ${unknown.join(', ')}`)
  return page(
    'config.yaml',
    'One optional file in the home. Unknown keys are errors, and all faults are told at once. An absent key means its default.',
    [
      table(
        ['setting', 'value', 'default', 'meaning'],
        settings.map(([path, schema]) => [
          code(path),
          allowedIn(schema),
          code(JSON.stringify(schema.default)),
          meaningOf(path),
        ]),
      ),
    ],
  )
}

function meaningOf(path: string): string {
  const meaning = meanings.get(path)
  if (meaning === undefined) throw new TypeError(`the setting ${path} has no meaning here yet`)
  return meaning
}

function settingsOf(schema: Schema, path: string): readonly (readonly [string, Schema])[] {
  if (!schema.properties) return [[path, schema]]
  return Object.entries(schema.properties).flatMap(([name, child]) =>
    settingsOf(child, path === '' ? name : `${path}.${name}`),
  )
}

function allowedIn(schema: Schema): string {
  if (schema.enum) return `one of ${schema.enum.map(code).join(', ')}`
  if (schema.anyOf) return schema.anyOf.map(allowedIn).join(' or ')
  if (schema.items) return `list of ${allowedIn(schema.items)}`
  if (typeof schema.additionalProperties === 'object') {
    return `map to ${allowedIn(schema.additionalProperties)}`
  }
  const type = schema.type === 'string' ? 'text' : (schema.type ?? 'any')
  return schema.pattern === undefined ? type : `${type} like ${code(schema.pattern)}`
}
