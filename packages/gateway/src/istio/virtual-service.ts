import { z } from 'zod'
import { durationField, filledList, refusedField } from '../field.ts'
import { metadataOf, objectName } from '../metadata.ts'
import { covers, hostFault } from './host-name.ts'
import {
  directResponseRule,
  redirectRule,
  retryRule,
  rewriteRule,
  routeDestination,
} from './virtual-service-action.ts'
import { headerRules, isAuthority } from './virtual-service-headers.ts'
import { httpMatch } from './virtual-service-match.ts'

const httpRoute = z
  .strictObject({
    name: z.string().max(253).optional(),
    match: filledList(httpMatch).optional(),
    route: filledList(routeDestination).optional(),
    redirect: redirectRule.optional(),
    directResponse: directResponseRule.optional(),
    rewrite: rewriteRule.optional(),
    timeout: durationField.optional(),
    retries: retryRule.optional(),
    headers: headerRules.optional(),
    delegate: refusedField('delegate is not built yet'),
    fault: refusedField('fault is not built yet'),
    mirror: refusedField('mirror is not built yet'),
    mirrors: refusedField('mirrors is not built yet'),
    mirrorPercentage: refusedField('mirrorPercentage is not built yet'),
    mirrorPercent: refusedField('mirrorPercent is not built yet'),
    mirror_percent: refusedField('mirror_percent is not built yet'),
    corsPolicy: refusedField('corsPolicy is not built yet'),
    websocketUpgrade: refusedField('websocketUpgrade is reserved and has no effect'),
  })
  .superRefine((rule, context) => {
    const issue = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    const actions = (['route', 'redirect', 'directResponse'] as const).filter(
      (action) => rule[action] !== undefined,
    )
    if (actions.length !== 1) {
      issue([], `exactly one of route, redirect, directResponse (found ${actions.length})`)
    }
    if (rule.rewrite !== undefined && rule.route === undefined) issue(['rewrite'], 'without route')
    const weights = rule.route?.map((entry) => entry.weight ?? 0) ?? []
    if (weights.length > 1 && weights.every((weight) => weight === 0)) {
      issue(['route'], 'total destination weight = 0')
    }
    rule.route?.forEach((entry, index) => {
      if (rule.route?.length === 1 || entry.headers?.response === undefined) return
      issue(
        ['route', index, 'headers', 'response'],
        'response headers of one of several destinations are not built yet: put them on the rule',
      )
    })
    const authority = Object.keys(rule.headers?.request?.set ?? {}).some(isAuthority)
    if (authority && rule.rewrite?.authority !== undefined) {
      issue(['rewrite', 'authority'], 'Host is also set by headers.request.set')
    }
  })

const virtualHost = z.string().transform((text, context) => {
  const fault = hostFault(text, { shortName: true })
  if (fault !== null) context.addIssue(`host "${text}": ${fault}`)
  return text.toLowerCase()
})

const notBuilt = 'is not built yet: http routes are'

const spec = z
  .strictObject({
    hosts: filledList(virtualHost),
    gateways: filledList(z.string().min(1)).optional(),
    exportTo: filledList(z.string().min(1)).optional(),
    http: filledList(httpRoute),
    tls: refusedField(`tls ${notBuilt}`),
    tcp: refusedField(`tcp ${notBuilt}`),
  })
  .superRefine((value, context) => {
    value.hosts.forEach((host, index) => {
      const other = value.hosts.findIndex(
        (earlier, at) => at < index && (covers(earlier, host) || covers(host, earlier)),
      )
      if (other !== -1) {
        const message = `"${host}" overlaps hosts[${other}] "${value.hosts[other]}"`
        context.addIssue({ code: 'custom', path: ['hosts', index], message })
      }
    })
  })

/** VirtualService of networking.istio.io v1, v1beta1 and v1alpha3 (gateway.md section 6). */
export const virtualServiceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('VirtualService'),
  metadata: metadataOf(objectName),
  spec,
})

/** A VirtualService as it was read. */
export type VirtualServiceDocument = z.output<typeof virtualServiceSchema>
/** One rule of its `http`. */
export type HttpRoute = VirtualServiceDocument['spec']['http'][number]
