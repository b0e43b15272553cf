import type { GatewaySettings } from '../config.ts'
import {
  type AuthorizationPolicyDocument,
  isDryRun,
  type PolicyTarget,
} from '../istio/authorization-policy.ts'
import { type Findings, findingAt } from './findings.ts'
import type { Resource, Resources } from './resources.ts'
import type { PlannedPolicy, PolicyAttachment } from './types.ts'
import type { WorkloadDraft } from './workloads.ts'

type Policy = Resource<AuthorizationPolicyDocument>

/**
 * Finds out which policies govern a gateway or a workload of one subaccount (gateway.md sections
 * 11.1 and 11.2). A policy that cannot be attached closes everything it might have governed. What is
 * the same as in `before`, policies and attachments, is the same object again.
 */
export class PolicyAttacher {
  readonly #resources: Resources
  readonly #settings: GatewaySettings
  readonly #findings: Findings
  /** Why nothing of a namespace may be served. */
  readonly #closed: Map<string, NonNullable<PolicyAttachment['error']>>
  /** Positions of policies that go by selector, by namespace, and of the others by target. */
  readonly #selecting = new Map<string, number[]>()
  readonly #targeting = new Map<string, number[]>()
  readonly #ids: Readonly<Record<'Deployment' | 'Gateway', ReadonlySet<string>>>
  readonly #attachments = new Map<string, PolicyAttachment>()
  readonly #attachmentsBefore: ReadonlyMap<string, PolicyAttachment>

  constructor(
    resources: Resources,
    settings: GatewaySettings,
    findings: Findings,
    before: PolicyAttacher | null,
  ) {
    this.#resources = resources
    this.#settings = settings
    this.#findings = findings
    this.#attachmentsBefore = before === null ? new Map() : before.#attachments
    this.#closed = new Map(
      [...resources.unreadablePolicies].map(([namespace, policy]) => [
        namespace,
        { policy, reason: 'cannot be read' },
      ]),
    )
    this.#ids = {
      Deployment: new Set(resources.deployments.map(({ id }) => id)),
      Gateway: new Set(resources.gateways.map(({ id }) => id)),
    }
    resources.policies.forEach((policy, position) => {
      this.#resolve(policy)
      const targets = targetsOf(policy)
      if (targets === null) put(this.#selecting, policy.namespace, position)
      for (const { kind, name } of targets ?? []) {
        put(this.#targeting, `${kind} ${policy.namespace}/${name}`, position)
      }
    })
  }

  /** Every policy of the subaccount, in order of age. */
  planned(): PlannedPolicy[] {
    return this.#resources.policies.map((policy) => this.#planned(policy))
  }

  /** Policies of the gateway point of one Gateway. */
  ofGateway(gateway: { namespace: string; name: string }): PolicyAttachment {
    const { ingressNamespace, rootNamespace, labels } = this.#settings
    const applies = (policy: Policy): boolean => {
      const targets = targetsOf(policy)
      if (targets === null) return this.#reaches(policy, ingressNamespace, [labels])
      return targets.some(
        (target) =>
          isGateway(target) &&
          policy.namespace === gateway.namespace &&
          target.name === gateway.name,
      )
    }
    const candidates = this.#candidates(
      [ingressNamespace, rootNamespace],
      [`Gateway ${gateway.namespace}/${gateway.name}`],
    )
    const namespaces = [gateway.namespace, ingressNamespace]
    return this.#attachment('gateway', candidates.filter(applies), namespaces)
  }

  /** Policies of the workload point of one Service. */
  ofWorkload({ workload, deployments, known }: WorkloadDraft): PolicyAttachment {
    const { namespace, service } = workload
    // A service that does not exist is never called, so nothing can be reached through it.
    const podLabels = [
      workload.labels,
      ...deployments.map((entry) => entry.document.spec.template.metadata?.labels ?? {}),
    ]
    const applies = (policy: Policy): boolean => {
      const targets = targetsOf(policy)
      if (targets === null) return this.#reaches(policy, namespace, podLabels)
      if (policy.namespace !== namespace || !known) return false
      return targets.some(
        (target) =>
          (target.kind === 'Service' && target.name === service) ||
          (target.kind === 'Deployment' && deployments.some((entry) => entry.name === target.name)),
      )
    }
    const candidates = this.#candidates(
      [namespace, this.#settings.rootNamespace],
      [
        `Service ${namespace}/${service}`,
        ...deployments.map((entry) => `Deployment ${namespace}/${entry.name}`),
      ],
    )
    return this.#attachment('workload', candidates.filter(applies), [namespace])
  }

  /** Those that may apply, in order of age: a look costs the same with ten policies and a thousand. */
  #candidates(namespaces: readonly string[], targets: readonly string[]): Policy[] {
    const positions = new Set([
      ...namespaces.flatMap((namespace) => this.#selecting.get(namespace) ?? []),
      ...targets.flatMap((target) => this.#targeting.get(target) ?? []),
    ])
    const ordered = [...positions].sort((a, b) => a - b)
    return ordered.flatMap((position) => this.#resources.policies[position] ?? [])
  }

  #attachment(
    point: 'gateway' | 'workload',
    applying: readonly Policy[],
    namespaces: readonly string[],
  ): PolicyAttachment {
    const closed = [...namespaces, this.#settings.rootNamespace]
      .map((namespace) => this.#closed.get(namespace))
      .find((reason) => reason !== undefined)
    const made = {
      policies: applying.map((policy) => this.#idOf(policy)),
      error: closed ?? null,
    }
    const key = `${point} ${JSON.stringify(made)}`
    const known = this.#attachments.get(key) ?? this.#attachmentsBefore.get(key) ?? made
    this.#attachments.set(key, known)
    return known
  }

  #planned(policy: Policy): PlannedPolicy {
    remembered ??= new WeakMap()
    const known = remembered.get(policy)
    if (known !== undefined) return known
    const made = {
      id: this.#idOf(policy),
      name: policy.id,
      namespace: policy.namespace,
      action: policy.document.spec.action as PlannedPolicy['action'],
      dryRun: isDryRun(policy.document),
      rules: policy.document.spec.rules ?? [],
    }
    remembered.set(policy, made)
    return made
  }

  /** Selector rules: root namespace or the own one, and all labels of the selector. */
  #reaches(
    policy: Policy,
    namespace: string,
    labelSets: readonly Readonly<Record<string, string>>[],
  ): boolean {
    if (policy.namespace !== namespace && policy.namespace !== this.#settings.rootNamespace) {
      return false
    }
    const selector = Object.entries(policy.document.spec.selector?.matchLabels ?? {})
    return labelSets.some((labels) => selector.every(([name, value]) => labels[name] === value))
  }

  #resolve(policy: Policy): void {
    const { spec } = policy.document
    if (this.#settings.istioCompat) this.#refuseExtensionKeys(policy)
    const targets = targetsOf(policy) ?? []
    targets.forEach((target, index) => {
      const path =
        spec.targetRefs === undefined ? ['spec', 'targetRef'] : ['spec', 'targetRefs', index]
      const fault = this.#targetFault(target, policy.namespace)
      if (fault === null) return
      this.#close(policy, path, fault)
    })
  }

  #refuseExtensionKeys(policy: Policy): void {
    policy.document.spec.rules?.forEach((rule, ruleIndex) => {
      rule.when?.forEach(({ key }, index) => {
        if (!key.startsWith('connection.tls.peer.')) return
        const path = ['spec', 'rules', ruleIndex, 'when', index, 'key']
        this.#close(policy, path, `${key} is no key of Istio, and istioCompat is on`)
      })
    })
  }

  #close(policy: Policy, path: readonly (string | number)[], reason: string): void {
    this.#findings.problems.push(findingAt(policy, path, reason))
    this.#closed.set(policy.namespace, { policy: policy.id, reason })
  }

  #targetFault(target: PolicyTarget, namespace: string): string | null {
    const id = `${namespace}/${target.name}`
    const extension = target.kind === 'Deployment' || target.group === 'networking.istio.io'
    if (extension && this.#settings.istioCompat) {
      return `${target.group}/${target.kind} is no target in Istio, and istioCompat is on`
    }
    const exists =
      target.kind === 'Service'
        ? this.#resources.services.has(id)
        : this.#ids[target.kind === 'Deployment' ? 'Deployment' : 'Gateway'].has(id)
    if (exists) return null
    return `${target.kind} ${id} does not exist, so everything in ${namespace} is refused until it does`
  }

  #idOf(policy: Policy): string {
    return `${this.#resources.subaccountId}/${policy.id}`
  }
}

/** By the policy of one subaccount: a resource is never shared by two. */
let remembered: WeakMap<Policy, PlannedPolicy> | undefined

function put(map: Map<string, number[]>, key: string, position: number): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [position])
  else list.push(position)
}

/** The targets of a policy, or `null` if it goes by selector. */
export function targetsOf(policy: Policy): readonly PolicyTarget[] | null {
  const { targetRef, targetRefs } = policy.document.spec
  if (targetRef !== undefined) return [targetRef]
  return targetRefs ?? null
}

/** Whether a target is one of the two kinds of Gateway. */
export function isGateway(target: PolicyTarget): boolean {
  return target.kind === 'Gateway'
}
