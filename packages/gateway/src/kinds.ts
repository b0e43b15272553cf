import type { z } from 'zod'
import { authorizationPolicySchema } from './istio/authorization-policy.ts'
import { gatewaySchema } from './istio/gateway.ts'
import { virtualServiceSchema } from './istio/virtual-service.ts'
import { configMapSchema } from './kubernetes/config-map.ts'
import { deploymentSchema } from './kubernetes/deployment.ts'
import { namespaceSchema } from './kubernetes/namespace.ts'
import { secretSchema } from './kubernetes/secret.ts'
import { serviceSchema } from './kubernetes/service.ts'
import { serviceAccountSchema } from './kubernetes/service-account.ts'

/** A kind of document that we understand, in all API versions that share its schema. */
export interface Kind {
  readonly kind: string
  readonly group: string
  readonly versions: readonly string[]
  readonly namespaced: boolean
  readonly schema: z.ZodType
}

const istioVersions = ['v1', 'v1beta1', 'v1alpha3']

/** Every kind that is read (gateway.md sections 2, 3, 6, 11). */
export const kinds: readonly Kind[] = [
  {
    kind: 'Gateway',
    group: 'networking.istio.io',
    versions: istioVersions,
    namespaced: true,
    schema: gatewaySchema,
  },
  {
    kind: 'VirtualService',
    group: 'networking.istio.io',
    versions: istioVersions,
    namespaced: true,
    schema: virtualServiceSchema,
  },
  {
    kind: 'AuthorizationPolicy',
    group: 'security.istio.io',
    versions: ['v1', 'v1beta1'],
    namespaced: true,
    schema: authorizationPolicySchema,
  },
  { kind: 'Service', group: '', versions: ['v1'], namespaced: true, schema: serviceSchema },
  { kind: 'Secret', group: '', versions: ['v1'], namespaced: true, schema: secretSchema },
  { kind: 'ConfigMap', group: '', versions: ['v1'], namespaced: true, schema: configMapSchema },
  { kind: 'Namespace', group: '', versions: ['v1'], namespaced: false, schema: namespaceSchema },
  {
    kind: 'ServiceAccount',
    group: '',
    versions: ['v1'],
    namespaced: true,
    schema: serviceAccountSchema,
  },
  {
    kind: 'Deployment',
    group: 'apps',
    versions: ['v1'],
    namespaced: true,
    schema: deploymentSchema,
  },
]

/** Kinds that change who may do what or where a request goes: leaving one out is not harmless. */
export const refusedKinds: readonly { group: string; kind: string | null; reason: string }[] = [
  {
    group: 'security.istio.io',
    kind: null,
    reason: 'is not built yet, and security cannot be left out',
  },
  { group: 'networking.istio.io', kind: null, reason: 'is not built yet' },
  { group: 'extensions.istio.io', kind: null, reason: 'is not supported' },
  { group: 'telemetry.istio.io', kind: null, reason: 'is not supported' },
  { group: 'gateway.networking.k8s.io', kind: null, reason: 'is not built yet' },
  {
    group: 'gateway.kyma-project.io',
    kind: null,
    reason: 'is not built yet: write its VirtualService',
  },
  { group: 'serverless.kyma-project.io', kind: null, reason: 'is not built yet' },
  {
    group: 'operator.kyma-project.io',
    kind: 'Istio',
    reason: 'is not built yet: use the settings',
  },
  {
    group: '',
    kind: 'List',
    reason: 'is not built yet: write its items as documents of their own',
  },
]
