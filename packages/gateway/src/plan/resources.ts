import type { ProblemItem, SubaccountId } from '@twinlatch/kit'
import type { DocumentSet, JsonObject, StoredDocument } from '../document.ts'
import { problemAt } from '../issues.ts'
import type { AuthorizationPolicyDocument } from '../istio/authorization-policy.ts'
import type { GatewayDocument } from '../istio/gateway.ts'
import type { VirtualServiceDocument } from '../istio/virtual-service.ts'
import type { Kind } from '../kinds.ts'
import type { ConfigMapDocument } from '../kubernetes/config-map.ts'
import type { DeploymentDocument } from '../kubernetes/deployment.ts'
import type { SecretDocument } from '../kubernetes/secret.ts'
import type { ServiceDocument } from '../kubernetes/service.ts'
import { decodeBody, findKind } from '../manifest.ts'

/** A typed document with what a plan needs to know of its origin. */
export interface Resource<Document> {
  readonly namespace: string
  readonly name: string
  /** `namespace/name`. */
  readonly id: string
  readonly createdAt: string
  readonly file: string | undefined
  readonly index: number | undefined
  readonly document: Document
}

/** The documents of one subaccount, typed; the lists are in order of age, then of name. */
export interface Resources {
  readonly subaccountId: SubaccountId
  readonly gateways: readonly Resource<GatewayDocument>[]
  readonly virtualServices: readonly Resource<VirtualServiceDocument>[]
  readonly policies: readonly Resource<AuthorizationPolicyDocument>[]
  readonly services: ReadonlyMap<string, Resource<ServiceDocument>>
  readonly deployments: readonly Resource<DeploymentDocument>[]
  readonly secrets: ReadonlyMap<string, Resource<SecretDocument>>
  readonly configMaps: ReadonlyMap<string, Resource<ConfigMapDocument>>
  /** Policies that could not be read, by namespace: everything they might govern is refused. */
  readonly unreadablePolicies: ReadonlyMap<string, string>
}

/** Problems and warnings as they are found. */
export interface Findings {
  readonly problems: ProblemItem[]
  readonly warnings: ProblemItem[]
}

/**
 * Types every stored document again. One that an earlier version stored and this one refuses
 * becomes a problem; if it is a policy its namespace is closed, never opened.
 */
export function readResources(set: DocumentSet, findings: Findings): Resources {
  const byKind = new Map<string, Resource<unknown>[]>()
  const unreadable = new Map<string, string>()
  for (const stored of set.documents) {
    const value = decode(stored, findings)
    if (value === null) {
      if (/^(security\.istio\.io)\//.test(stored.apiVersion)) {
        unreadable.set(stored.namespace, `${stored.namespace}/${stored.name}`)
      }
      continue
    }
    const list = byKind.get(stored.kind)
    if (list === undefined) byKind.set(stored.kind, [resource(stored, value)])
    else list.push(resource(stored, value))
  }
  // The kind chose the schema, so the value is of that kind's type.
  const list = <Document>(kind: string) =>
    (byKind.get(kind) ?? []).toSorted(byAge) as Resource<Document>[]
  const map = <Document>(kind: string) =>
    new Map(list<Document>(kind).map((entry) => [entry.id, entry]))
  return {
    subaccountId: set.subaccountId,
    gateways: list<GatewayDocument>('Gateway'),
    virtualServices: list<VirtualServiceDocument>('VirtualService'),
    policies: list<AuthorizationPolicyDocument>('AuthorizationPolicy'),
    services: map<ServiceDocument>('Service'),
    deployments: list<DeploymentDocument>('Deployment'),
    secrets: map<SecretDocument>('Secret'),
    configMaps: map<ConfigMapDocument>('ConfigMap'),
    unreadablePolicies: unreadable,
  }
}

/** Creation time, then namespace and name (gateway.md sections 5.1 and 6.1). */
export function byAge(
  a: { createdAt: string; id: string },
  b: { createdAt: string; id: string },
): number {
  return compareText(a.createdAt, b.createdAt) || compareText(a.id, b.id)
}

/** Order of code units, the same on every machine. */
function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

function decode(stored: StoredDocument, findings: Findings): unknown {
  const found = findKind(stored.apiVersion, stored.kind)
  if (found.result !== 'known') {
    const list = found.result === 'refused' ? findings.problems : findings.warnings
    list.push(problemAt(stored, 'kind', found.message))
    return null
  }
  decoded ??= new WeakMap()
  const known = decoded.get(stored.body)
  if (known?.kind === found.kind) return known.value
  const { value, problems } = decodeBody(found.kind, stored.body, stored)
  findings.problems.push(...problems)
  // A body is never changed, and one that is replaced is another object.
  if (value !== null && problems.length === 0) decoded.set(stored.body, { kind: found.kind, value })
  return value
}

/**
 * Typed values by the body they were made from, so that a plan after one changed document decodes
 * one document; what else is derived from a document is remembered by the typed value.
 */
let decoded: WeakMap<JsonObject, { readonly kind: Kind; readonly value: unknown }> | undefined

function resource(stored: StoredDocument, document: unknown): Resource<unknown> {
  const { namespace, name, createdAt, file, index } = stored
  return { namespace, name, id: `${namespace}/${name}`, createdAt, file, index, document }
}
