import { z } from 'zod'
import { filledList, refusedField } from '../field.ts'
import { labelName, metadataOf, textMap } from '../metadata.ts'
import { serverTls } from './gateway-tls.ts'
import { hostFault } from './host-name.ts'

const protocols = [
  'HTTP',
  'HTTPS',
  'HTTP2',
  'GRPC',
  'GRPC-WEB',
  'TLS',
  'TCP',
  'MONGO',
  'MYSQL',
  'REDIS',
] as const

const protocol = z.enum(protocols).refine((value) => value === 'HTTPS', {
  error: (issue) =>
    `protocol ${String(issue.input)} is not built yet: HTTPS with SIMPLE, MUTUAL or ` +
    'OPTIONAL_MUTUAL is (plain HTTP and httpsRedirect, passthrough and TCP are not)',
})

const port = z.strictObject({
  number: z.int().min(1, 'not a port number').max(65_535, 'not a port number'),
  name: z.string().min(1, 'a port needs a name').max(253),
  protocol,
  targetPort: refusedField('targetPort has no effect on gateways: leave it out'),
})

/** `[namespace/]dnsName`, lower-cased. */
const serverHost = z.string().transform((text, context) => {
  const slash = text.indexOf('/')
  const namespace = slash === -1 ? '*' : text.slice(0, slash)
  const host = text.slice(slash + 1)
  if (namespace !== '*' && namespace !== '.' && !labelName.safeParse(namespace).success) {
    context.addIssue(`"${namespace}" is not a namespace, "." or "*"`)
  }
  const fault = hostFault(host, { shortName: false })
  if (fault !== null) context.addIssue(`host "${host}": ${fault}`)
  return { namespace, host: host.toLowerCase() }
})

const server = z
  .strictObject({
    port,
    hosts: filledList(serverHost),
    tls: serverTls.optional(),
    name: z.string().max(253).optional(),
    bind: refusedField('bind is not built yet: the gateway listens where its settings say'),
    defaultEndpoint: refusedField('defaultEndpoint is not implemented, by Istio neither'),
  })
  .refine((value) => value.tls !== undefined, {
    path: ['tls'],
    error: 'missing: an HTTPS server needs its tls block',
  })

const spec = z
  .strictObject({
    selector: textMap.optional(),
    servers: z.array(server).min(1, 'a Gateway needs at least one server'),
  })
  .superRefine((value, context) => {
    const taken = new Map<string, number>()
    value.servers.forEach((entry, index) => {
      for (const [field, text] of [
        ['port name', entry.port.name],
        ['server name', entry.name],
      ] as const) {
        if (text === undefined) continue
        const first = taken.get(`${field} ${text}`)
        if (first === undefined) taken.set(`${field} ${text}`, index)
        else {
          context.addIssue({
            code: 'custom',
            path: ['servers', index, ...(field === 'port name' ? ['port', 'name'] : ['name'])],
            message: `${field} "${text}" is taken by servers[${first}] of this Gateway`,
          })
        }
      }
    })
  })

/** Gateway of networking.istio.io v1, v1beta1 and v1alpha3, which share one schema (gateway.md 2). */
export const gatewaySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Gateway'),
  metadata: metadataOf(labelName),
  spec,
})

/** A Gateway as it was read. */
export type GatewayDocument = z.output<typeof gatewaySchema>
/** One server of it. */
export type GatewayServer = GatewayDocument['spec']['servers'][number]
