import { z } from 'zod'
import { filledList, refusedField } from '../field.ts'
import { metadataOf, objectName, textMap } from '../metadata.ts'
import {
  addressBlock,
  condition,
  hostText,
  namespaceText,
  pathValue,
  portText,
  text,
} from './policy-values.ts'

const refsMax = 16
const jwt = 'needs a JWT (RequestAuthentication), which is not built yet'

function filledObject<Shape extends z.core.$ZodLooseShape>(shape: Shape, what: string) {
  return z
    .strictObject(shape)
    .refine((value) => Object.values(value).some((field) => field !== undefined), {
      error: `an empty ${what} is refused: it would match everything`,
    })
}

const source = filledObject(
  {
    principals: filledList(text).optional(),
    notPrincipals: filledList(text).optional(),
    namespaces: filledList(namespaceText).optional(),
    notNamespaces: filledList(namespaceText).optional(),
    ipBlocks: filledList(addressBlock).optional(),
    notIpBlocks: filledList(addressBlock).optional(),
    remoteIpBlocks: filledList(addressBlock).optional(),
    notRemoteIpBlocks: filledList(addressBlock).optional(),
    requestPrincipals: refusedField(`requestPrincipals ${jwt}`),
    notRequestPrincipals: refusedField(`notRequestPrincipals ${jwt}`),
    serviceAccounts: refusedField('serviceAccounts is not built yet: use principals'),
    notServiceAccounts: refusedField('notServiceAccounts is not built yet: use notPrincipals'),
    trustDomains: refusedField('trustDomains is not built yet: use principals'),
    notTrustDomains: refusedField('notTrustDomains is not built yet: use notPrincipals'),
  },
  'source',
)

const operation = filledObject(
  {
    hosts: filledList(hostText).optional(),
    notHosts: filledList(hostText).optional(),
    methods: filledList(text).optional(),
    notMethods: filledList(text).optional(),
    paths: filledList(pathValue).optional(),
    notPaths: filledList(pathValue).optional(),
    ports: filledList(portText).optional(),
    notPorts: filledList(portText).optional(),
  },
  'operation',
)

const rule = z.strictObject({
  from: filledList(z.strictObject({ source })).optional(),
  to: filledList(z.strictObject({ operation })).optional(),
  when: filledList(condition).optional(),
})

/** Kinds a policy can be attached to (gateway.md section 11.1), `core` and `` being one group. */
const targetKinds = new Set([
  '/Service',
  'apps/Deployment',
  'networking.istio.io/Gateway',
  'gateway.networking.k8s.io/Gateway',
])

const targetRef = z
  .strictObject({
    group: z
      .string()
      .optional()
      .transform((group) => (group === 'core' ? '' : (group ?? ''))),
    kind: z.string().min(1),
    name: z.string().min(1, 'a target needs a name').max(253),
    namespace: refusedField('a target lies in the namespace of its policy: leave namespace out'),
    sectionName: refusedField('sectionName is not supported in an AuthorizationPolicy'),
  })
  .superRefine((ref, context) => {
    if (targetKinds.has(`${ref.group}/${ref.kind}`)) return
    context.addIssue({
      code: 'custom',
      path: ['kind'],
      message:
        `${ref.group === '' ? 'core' : ref.group}/${ref.kind} is not supported as a target: ` +
        'Service, apps/Deployment and the Gateways of networking.istio.io and ' +
        'gateway.networking.k8s.io are (a Function is not built yet)',
    })
  })

const spec = z
  .strictObject({
    selector: z.strictObject({ matchLabels: textMap.optional() }).optional(),
    targetRef: targetRef.optional(),
    targetRefs: filledList(targetRef).max(refsMax, `more than ${refsMax} targets`).optional(),
    action: z
      .enum(['ALLOW', 'DENY', 'AUDIT', 'CUSTOM'])
      .prefault('ALLOW')
      .refine(
        (action) => action !== 'CUSTOM',
        'action CUSTOM (external authorizers) is not built yet',
      ),
    provider: refusedField('provider belongs to action CUSTOM, which is not built yet'),
    rules: z.array(rule).optional(),
  })
  .superRefine((value, context) => {
    const issue = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    const ways = (['selector', 'targetRef', 'targetRefs'] as const).filter(
      (field) => value[field] !== undefined,
    )
    if (ways.length > 1) issue(ways[1] ?? '', `only one of ${ways.join(', ')} may be given`)
    if (value.action === 'DENY' && (value.rules ?? []).length === 0) {
      issue('rules', 'a DENY policy without rules would never trigger')
    }
  })

const dryRunAnnotation = 'istio.io/dry-run'

/** AuthorizationPolicy of security.istio.io v1 and v1beta1 (gateway.md section 11). */
export const authorizationPolicySchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('AuthorizationPolicy'),
  metadata: metadataOf(objectName).superRefine((metadata, context) => {
    const value = metadata.annotations?.[dryRunAnnotation]
    if (value === undefined || booleanOf(value) !== null) return
    context.addIssue({
      code: 'custom',
      path: ['annotations', dryRunAnnotation],
      message: `"${value}" is no boolean`,
    })
  }),
  spec: spec.prefault({}),
})

/** An AuthorizationPolicy as it was read. */
export type AuthorizationPolicyDocument = z.output<typeof authorizationPolicySchema>
/** One rule of it. */
export type PolicyRule = z.output<typeof rule>
/** One target of it; the group of core is empty. */
export type PolicyTarget = z.output<typeof targetRef>

/** Whether a policy is evaluated and recorded but not enforced (gateway.md section 11.3). */
export function isDryRun(policy: AuthorizationPolicyDocument): boolean {
  return booleanOf(policy.metadata.annotations?.[dryRunAnnotation] ?? 'false') === true
}

/** A Go boolean, as Istio reads the annotation. */
function booleanOf(text: string): boolean | null {
  if (['1', 't', 'T', 'TRUE', 'true', 'True'].includes(text)) return true
  return ['0', 'f', 'F', 'FALSE', 'false', 'False'].includes(text) ? false : null
}
