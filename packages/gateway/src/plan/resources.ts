import type { SubaccountId } from '@twinlatch/kit'
import type { DocumentSet, JsonObject, StoredDocument } from '../document.ts'
import type { AuthorizationPolicyDocument } from '../istio/authorization-policy.ts'
import type { GatewayDocument } from '../istio/gateway.ts'
import type { VirtualServiceDocument } from '../istio/virtual-service.ts'
import type { ConfigMapDocument } from '../kubernetes/config-map.ts'
import type { DeploymentDocument } from '../kubernetes/deployment.ts'
import type { SecretDocument } from '../kubernetes/secret.ts'
import type { ServiceDocument } from '../kubernetes/service.ts'
import { decodeBody, findKind } from '../manifest.ts'
import { type Finding, type Findings, findingAt } from './findings.ts'
import { isSameList, sameList } from './last-answer.ts'
import { salvageGateway, type UnreadableGateway } from './unreadable-gateway.ts'

/** A typed document with what a plan needs to know of it. */
export interface Resource<Document> {
  readonly namespace: string
  readonly name: string
  /** `namespace/name`. */
  readonly id: string
  readonly createdAt: string
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
  /** Gateways that could not be read, in order of age: their hosts are closed. */
  readonly unreadableGateways: readonly UnreadableGateway[]
  /** Policies that could not be read, by namespace: everything they might govern is refused. */
  readonly unreadablePolicies: ReadonlyMap<string, string>
}

/** A typed body, and everything of its stored document that it was made from. */
interface Read {
  readonly stored: StoredDocument
  readonly resource: Resource<unknown>
}

interface OfKind {
  readonly list: readonly Resource<unknown>[]
  readonly byId: ReadonlyMap<string, Resource<unknown>>
}

/** Stands beside the kinds, which have no space in their names. */
const unreadableGateway = 'unreadable Gateway'

const nothing: OfKind = { list: [], byId: new Map() }

/**
 * Types the stored documents of one subaccount, each of them once: a document that comes again is
 * the same resource, and lists and maps of which nothing changed are the same objects.
 */
export class ResourceReader {
  /** By body: one is never changed, and one that is replaced is another object. */
  readonly #read = new WeakMap<JsonObject, Read>()
  readonly #salvaged = new WeakMap<JsonObject, UnreadableGateway>()
  #kinds: ReadonlyMap<string, OfKind> = new Map()
  #unreadable: ReadonlyMap<string, string> = new Map()

  /**
   * Types `set`; `origins` is told which document each resource is. One that an earlier version
   * stored and this one refuses becomes a problem; if it is a policy its namespace is closed, if it
   * is a Gateway its hosts are, never opened.
   */
  read(
    set: DocumentSet,
    findings: Findings,
    origins: Map<Resource<unknown>, StoredDocument>,
  ): Resources {
    const lists = new Map<string, Resource<unknown>[]>()
    const put = (kind: string, resource: Resource<unknown>) => {
      const list = lists.get(kind)
      if (list === undefined) lists.set(kind, [resource])
      else list.push(resource)
    }
    const unreadable = new Map<string, string>()
    for (const stored of set.documents) {
      const before = findings.problems.length
      const resource = this.#resourceOf(stored, findings, origins)
      if (resource === null) {
        if (stored.kind === 'Gateway' && /^networking\.istio\.io\//.test(stored.apiVersion)) {
          const fault = findings.problems[before]
          put(unreadableGateway, this.#salvage(stored, fault, origins))
        }
        if (/^(security\.istio\.io)\//.test(stored.apiVersion)) {
          unreadable.set(stored.namespace, `${stored.namespace}/${stored.name}`)
        }
        continue
      }
      put(stored.kind, resource)
    }
    const before = this.#kinds
    this.#kinds = new Map(
      [...lists].map(([kind, list]) => [kind, ofKind(list.toSorted(byAge), before.get(kind))]),
    )
    if (!isSameList([...this.#unreadable].flat(), [...unreadable].flat())) {
      this.#unreadable = unreadable
    }
    return this.#resources(set.subaccountId)
  }

  #resources(subaccountId: SubaccountId): Resources {
    // The kind chose the schema, so the value is of that kind's type.
    const list = <Document>(kind: string) =>
      (this.#kinds.get(kind) ?? nothing).list as readonly Resource<Document>[]
    const map = <Document>(kind: string) =>
      (this.#kinds.get(kind) ?? nothing).byId as ReadonlyMap<string, Resource<Document>>
    return {
      subaccountId,
      gateways: list<GatewayDocument>('Gateway'),
      virtualServices: list<VirtualServiceDocument>('VirtualService'),
      policies: list<AuthorizationPolicyDocument>('AuthorizationPolicy'),
      services: map<ServiceDocument>('Service'),
      deployments: list<DeploymentDocument>('Deployment'),
      secrets: map<SecretDocument>('Secret'),
      configMaps: map<ConfigMapDocument>('ConfigMap'),
      unreadableGateways: list(unreadableGateway) as readonly UnreadableGateway[],
      unreadablePolicies: this.#unreadable,
    }
  }

  #salvage(
    stored: StoredDocument,
    fault: Finding | undefined,
    origins: Map<Resource<unknown>, StoredDocument>,
  ): UnreadableGateway {
    const known = this.#salvaged.get(stored.body)
    const made =
      known?.createdAt === stored.createdAt
        ? known
        : salvageGateway(
            stored,
            fault ? `${fault.path}: ${fault.message}` : 'of an unknown version',
          )
    this.#salvaged.set(stored.body, made)
    origins.set(made, stored)
    return made
  }

  #resourceOf(
    stored: StoredDocument,
    findings: Findings,
    origins: Map<Resource<unknown>, StoredDocument>,
  ): Resource<unknown> | null {
    const known = this.#read.get(stored.body)
    if (known !== undefined && isSameDocument(known.stored, stored)) {
      origins.set(known.resource, stored)
      return known.resource
    }
    const resource = (document: unknown): Resource<unknown> => {
      const { namespace, name, createdAt } = stored
      const made = { namespace, name, id: `${namespace}/${name}`, createdAt, document }
      origins.set(made, stored)
      return made
    }
    const found = findKind(stored.apiVersion, stored.kind)
    if (found.result !== 'known') {
      const list = found.result === 'refused' ? findings.problems : findings.warnings
      list.push(findingAt(resource(null), 'kind', found.message))
      return null
    }
    const { value, problems } = decodeBody(found.kind, stored.body, {})
    if (value === null || problems.length > 0) {
      const at = resource(null)
      for (const { path, message } of problems) findings.problems.push({ at, path, message })
      return null
    }
    const { file: _file, index: _index, ...kept } = stored
    const made = resource(value)
    this.#read.set(stored.body, { stored: kept, resource: made })
    return made
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

function ofKind(list: readonly Resource<unknown>[], before: OfKind | undefined): OfKind {
  if (before !== undefined && sameList(before.list, list) === before.list) return before
  return { list, byId: new Map(list.map((entry) => [entry.id, entry])) }
}

function isSameDocument(a: StoredDocument, b: StoredDocument): boolean {
  return (
    a.apiVersion === b.apiVersion &&
    a.kind === b.kind &&
    a.namespace === b.namespace &&
    a.name === b.name &&
    a.createdAt === b.createdAt
  )
}
