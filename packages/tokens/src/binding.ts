import { randomBytes, randomUUID } from 'node:crypto'
import { type Secret, Secret as SecretValue, type SubaccountId } from '@twinlatch/kit'
import { z } from 'zod'
import type { BindingOrder } from './binding-order.ts'

/** What a binding shows of itself without its secret. */
export interface Binding {
  readonly name: string
  readonly subaccountId: SubaccountId
  /** GUID of the service instance: the inner boundary for destinations and keystores. */
  readonly instanceId: string
  readonly clientId: string
  readonly credentialType: 'binding-secret'
  readonly createdAt: Date
}

/** A binding as OAuth client. */
export interface BindingClient extends Binding {
  readonly clientSecret: Secret
}

/** Where clients of this installation find its services; all without a trailing slash. */
export interface TokenUrls {
  /** `url` of a binding: origin of the token endpoint. */
  readonly token: string
  /** Origin of `iss`; its host holds a dot, or the SAP Cloud SDK refuses the token. */
  readonly issuer: string
  /** Bare `host[:port]`; clients put `https://` in front of it. */
  readonly uaadomain: string
  /** `uri` of a binding: origin of the Destination service. */
  readonly destinations: string
}

/** One element of `VCAP_SERVICES.destination` (destination-service.md section 10.1). */
export const vcapService = z
  .object({
    name: z.string(),
    instance_name: z.string(),
    label: z.literal('destination'),
    plan: z.literal('lite'),
    tags: z.array(z.string()).readonly(),
    credentials: z
      .object({
        clientid: z.string(),
        clientsecret: z.string(),
        uri: z.string(),
        url: z.string(),
        uaadomain: z.string(),
        xsappname: z.string(),
        tenantid: z.string(),
        identityzone: z.string(),
        instanceid: z.string(),
        'credential-type': z.literal('binding-secret'),
        verificationkey: z.string(),
      })
      .readonly(),
  })
  .readonly()
  .meta({ id: 'VcapService', description: 'An entry of VCAP_SERVICES, credentials included.' })

/** A value of `vcapService`. */
export type VcapService = z.infer<typeof vcapService>

/**
 * A fresh client for `order`. Ids have the form that existing libraries look for (`!b`, `|`); the
 * secret is 256 random bits in base64url, so that no form or header encoding changes it.
 */
export function createBindingClient(
  order: BindingOrder,
  subaccountId: SubaccountId,
  now: Date,
): BindingClient {
  return {
    name: order.name,
    credentialType: order.credentialType,
    subaccountId,
    instanceId: randomUUID(),
    clientId: `sb-clone-${randomBytes(16).toString('hex')}!b1|destination-xsappname!b1`,
    clientSecret: new SecretValue(randomBytes(32).toString('base64url')),
    createdAt: now,
  }
}

/** The credentials document of `client`; holds its secret in the clear, which is its purpose. */
export function renderVcapService(
  client: BindingClient,
  context: { urls: TokenUrls; subaccountName: string; verificationKey: string },
): VcapService {
  return {
    name: client.name,
    instance_name: client.name,
    label: 'destination',
    plan: 'lite',
    tags: ['destination', 'conn', 'connsvc'],
    credentials: {
      clientid: client.clientId,
      clientsecret: client.clientSecret.reveal(),
      uri: context.urls.destinations,
      url: context.urls.token,
      uaadomain: context.urls.uaadomain,
      xsappname: client.clientId.replace(/^sb-/, ''),
      tenantid: client.subaccountId,
      identityzone: context.subaccountName,
      instanceid: client.instanceId,
      'credential-type': client.credentialType,
      verificationkey: context.verificationKey,
    },
  }
}
