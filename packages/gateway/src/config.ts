import { devSubaccountId } from '@twinlatch/kit'
import { z } from 'zod'
import { hostFault } from './istio/host-name.ts'

const label = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'not a DNS-1123 label')
  .max(63)
const manifestPort = z.string().regex(/^[1-9][0-9]{0,4}$/, 'not a port number')
const domain = z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/, 'not a lower-case domain')

const xfcc = z
  .strictObject({
    mode: z
      .enum(['SANITIZE', 'SANITIZE_SET', 'FORWARD_ONLY', 'APPEND_FORWARD', 'ALWAYS_FORWARD_ONLY'])
      .prefault('SANITIZE_SET'),
    details: z
      .array(z.enum(['Cert', 'Chain', 'Subject', 'URI', 'DNS']))
      .prefault(['Subject', 'Cert', 'DNS', 'URI']),
    trustedProxyAcknowledged: z.boolean().prefault(false),
  })
  .refine(
    (value) =>
      // FORWARD_ONLY too: whoever has any certificate could then claim to be somebody else.
      value.trustedProxyAcknowledged || value.mode === 'SANITIZE' || value.mode === 'SANITIZE_SET',
    {
      path: ['mode'],
      error:
        'this mode believes an x-forwarded-client-cert that anyone can send: ' +
        'set trustedProxyAcknowledged if a proxy you trust is in front',
    },
  )

const meshHop = z.strictObject({
  enabled: z.boolean().prefault(false),
  /** Hash of the gateway's mesh certificate, printed as `Hash` of the second element. */
  gatewayCertificateSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'not a lower-case hex SHA-256')
    .prefault('0'.repeat(64)),
})

const hostPattern = z
  .string()
  .toLowerCase()
  .refine((host) => hostFault(host, { shortName: false }) === null, {
    error: 'not a host name, "*.suffix" or "*"',
  })

const hostClaims = z.strictObject({
  default: z.array(hostPattern).prefault(['*']),
  /** By GUID, or `dev`. */
  subaccounts: z
    .record(
      z.union([z.literal('dev').transform(() => devSubaccountId), z.guid().toLowerCase()]),
      z.array(hostPattern),
    )
    .prefault({}),
})

/**
 * Settings of the gateway: what a mesh operator would say about its ingress (gateway.md sections
 * 2.1, 3, 7.3, 11.2 and 18). The defaults are those of a Kyma cluster, with 443 mapped to 9443.
 */
export const gatewaySettings = z.strictObject({
  /** Manifest port to listener port (architecture.md, "Ports of manifests"). 0: chosen by the system. */
  portMap: z
    .record(manifestPort, z.int().min(0).max(65_535))
    .prefault({ '443': 9443 })
    .refine((map) => new Set(Object.values(map)).size === Object.keys(map).length, {
      error: 'two manifest ports are mapped to one listener port',
    }),
  /** Labels of our gateway as a workload: `spec.selector` of Gateways and policies meets them. */
  labels: z
    .record(z.string(), z.string())
    .prefault({ app: 'istio-ingressgateway', istio: 'ingressgateway' }),
  ingressNamespace: label.prefault('istio-system'),
  rootNamespace: label.prefault('istio-system'),
  clusterDomain: domain.prefault('cluster.local'),
  trustDomain: domain.prefault('cluster.local'),
  gatewayServiceAccount: domain.prefault('istio-ingressgateway-service-account'),
  xfcc: xfcc.prefault({}),
  meshHop: meshHop.prefault({}),
  istioCompat: z.boolean().prefault(false),
  /**
   * Where `twinlatch.dev/upstream` may lead. Whoever may apply manifests reaches what the gateway
   * reaches: switch private addresses off where tenants are not trusted with its network.
   */
  upstreams: z.strictObject({ privateAddresses: z.boolean().prefault(true) }).prefault({}),
  /** Connections of one client address to one port; loopback counts only below the default. */
  openConnectionsPerAddressMax: z.int().min(1).max(10_000).prefault(2_500),
  /**
   * Hosts that Gateways of a subaccount may claim: without it the first who claims `*` keeps all
   * others from theirs. `default` holds for subaccounts that are not named.
   */
  hostClaims: hostClaims.prefault({}),
  /** Response header `server`. */
  serverHeader: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'not a header value')
    .prefault('twinlatch'),
  /** Value of `%HOSTNAME%`. */
  hostname: z
    .string()
    .regex(/^[\x21-\x7e]*$/, 'not a header value')
    .prefault('twinlatch'),
})

/** Checked settings, defaults filled in. */
export type GatewaySettings = z.output<typeof gatewaySettings>

/**
 * The gateway's identity towards workloads, without `spiffe://` (gateway.md section 11.2): what
 * `source.principals` compares with at the workload point.
 */
export function gatewayPrincipal(
  settings: Pick<GatewaySettings, 'trustDomain' | 'ingressNamespace' | 'gatewayServiceAccount'>,
): string {
  return `${settings.trustDomain}/ns/${settings.ingressNamespace}/sa/${settings.gatewayServiceAccount}`
}
