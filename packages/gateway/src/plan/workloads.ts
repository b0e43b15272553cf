import type { WorkloadTarget } from '../compiled.ts'
import type { GatewaySettings } from '../config.ts'
import type { DeploymentDocument } from '../kubernetes/deployment.ts'
import type { ServiceDocument } from '../kubernetes/service.ts'
import {
  isPrivateHost,
  parseUpstreamAddress,
  privateUpstreamFault,
  upstreamAnnotation,
} from '../upstream-address.ts'
import { isSameList } from './last-answer.ts'
import type { PlannedWorkload } from './planned-route.ts'
import type { Resource, Resources } from './resources.ts'

/** A workload before its policies are known, with the Deployments behind it. */
export interface WorkloadDraft {
  readonly workload: Omit<PlannedWorkload, 'policies'>
  /** False for a service, port or host that does not exist. */
  readonly known: boolean
  readonly deployments: readonly Resource<DeploymentDocument>[]
}

/** Finds, once each, the workloads that destinations of one subaccount name. */
export class WorkloadFinder {
  readonly #resources: Resources
  readonly #settings: GatewaySettings
  readonly #found = new Map<string, WorkloadDraft>()
  /** By the words of the destination: thousands of routes name the same few. */
  readonly #asked = new Map<string, WorkloadDraft>()

  constructor(resources: Resources, settings: GatewaySettings) {
    this.#resources = resources
    this.#settings = settings
  }

  get drafts(): readonly WorkloadDraft[] {
    return [...this.#found.values()]
  }

  /**
   * The workload behind `host` and `port` of a destination of a VirtualService in `namespace`. What
   * does not resolve is a workload too, one that answers 503 (gateway.md section 15).
   */
  find(host: string, port: number | undefined, namespace: string): WorkloadDraft {
    const asked = `${namespace} ${host} ${port ?? ''}`
    const answered = this.#asked.get(asked)
    if (answered !== undefined) return answered
    const draft = this.#findOnce(host, port, namespace)
    this.#asked.set(asked, draft)
    return draft
  }

  #findOnce(host: string, port: number | undefined, namespace: string): WorkloadDraft {
    const address = this.#serviceOf(host.toLowerCase(), namespace)
    const draft =
      address === null
        ? this.#unknown(
            { namespace, name: host.toLowerCase() },
            port,
            `no service has the name ${host}`,
          )
        : this.#known(address, port)
    const first = this.#found.get(draft.workload.key)
    if (first !== undefined) return first
    this.#found.set(draft.workload.key, draft)
    return draft
  }

  /** `httpbin` is completed, `a.team` and `a.team.svc` are not (gateway.md section 6.2). */
  #serviceOf(host: string, namespace: string): { namespace: string; name: string } | null {
    if (!host.includes('.')) return { namespace, name: host }
    const suffix = `.svc.${this.#settings.clusterDomain}`
    const labels = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : []
    const [name, found] = labels
    return labels.length === 2 && name && found ? { namespace: found, name } : null
  }

  #unknown(
    address: { namespace: string; name: string },
    port: number | undefined,
    reason: string,
  ): WorkloadDraft {
    return {
      known: false,
      deployments: [],
      workload: {
        key: this.#keyOf(address, port ?? 0),
        subaccountId: this.#resources.subaccountId,
        namespace: address.namespace,
        service: address.name,
        port: port ?? 0,
        targetPort: port ?? 0,
        serviceAccount: 'default',
        labels: {},
        target: { kind: 'none', known: false, reason },
      },
    }
  }

  #known(address: { namespace: string; name: string }, port: number | undefined): WorkloadDraft {
    const service = this.#resources.services.get(`${address.namespace}/${address.name}`)
    const id = `${address.namespace}/${address.name}`
    if (service === undefined) return this.#unknown(address, port, `service ${id} does not exist`)
    const ports = (service.document.spec.ports ?? []).filter((entry) => entry.protocol !== 'UDP')
    const chosen =
      port === undefined && ports.length === 1
        ? ports[0]
        : ports.find((entry) => entry.port === port)
    if (chosen === undefined) {
      const reason =
        port === undefined
          ? `service ${id} has ${ports.length} ports and the destination names none`
          : `service ${id} has no port ${port}`
      return this.#unknown(address, port, reason)
    }
    const deployments = this.#deploymentsOf(service)
    remembered ??= new WeakMap()
    const ofSettings = remembered.get(this.#settings) ?? new WeakMap()
    remembered.set(this.#settings, ofSettings)
    const ofService = ofSettings.get(service) ?? new Map<number, WorkloadDraft>()
    const before = ofService.get(chosen.port)
    if (before !== undefined && isSameList(before.deployments, deployments)) return before
    const draft = this.#draft(service, chosen, deployments)
    ofSettings.set(service, ofService.set(chosen.port, draft))
    return draft
  }

  #draft(
    service: Resource<ServiceDocument>,
    chosen: ServicePort,
    deployments: readonly Resource<DeploymentDocument>[],
  ): WorkloadDraft {
    const [deployment] = deployments
    const pod = deployment?.document.spec.template
    return {
      known: true,
      deployments,
      workload: {
        key: this.#keyOf(service, chosen.port),
        subaccountId: this.#resources.subaccountId,
        namespace: service.namespace,
        service: service.name,
        port: chosen.port,
        targetPort: targetPortOf(chosen, deployment),
        serviceAccount: pod?.spec.serviceAccountName ?? pod?.spec.serviceAccount ?? 'default',
        labels: pod?.metadata?.labels ?? service.document.spec.selector ?? {},
        target: this.#targetOf(service, deployments),
      },
    }
  }

  #keyOf(address: { namespace: string; name: string }, port: number): string {
    return `${this.#resources.subaccountId}/${address.namespace}/${address.name}:${port}`
  }

  #deploymentsOf(service: Resource<ServiceDocument>): Resource<DeploymentDocument>[] {
    const selector = Object.entries(service.document.spec.selector ?? {})
    if (selector.length === 0) return []
    return this.#resources.deployments.filter((deployment) => {
      const labels = deployment.document.spec.template.metadata?.labels ?? {}
      return (
        deployment.namespace === service.namespace &&
        selector.every(([name, value]) => labels[name] === value)
      )
    })
  }

  #urlOf(annotation: string): WorkloadTarget {
    const address = parseUpstreamAddress(annotation)
    if (this.#settings.upstreams.privateAddresses) return { kind: 'url', ...address }
    if (!isPrivateHost(address.host)) return { kind: 'url', ...address, publicOnly: true }
    return { kind: 'none', known: true, reason: privateUpstreamFault(address.host) }
  }

  #targetOf(
    service: Resource<ServiceDocument>,
    deployments: readonly Resource<DeploymentDocument>[],
  ): WorkloadTarget {
    const annotation = service.document.metadata.annotations?.[upstreamAnnotation]
    if (annotation !== undefined) return this.#urlOf(annotation)
    const running = deployments.filter((entry) => entry.document.spec.replicas !== 0)
    if (running.some(runsHttpbin)) return { kind: 'httpbin' }
    const cure = `annotate it with ${upstreamAnnotation}: http://host:port`
    const why =
      running.length > 0
        ? `service ${service.id} runs an image that is not built in`
        : `service ${service.id} has no running Deployment behind it`
    return { kind: 'none', known: true, reason: `${why}: ${cure}` }
  }
}

/** By the service of one subaccount, by port: the same workload while nothing of it changes. */
type OfService = WeakMap<Resource<ServiceDocument>, Map<number, WorkloadDraft>>
let remembered: WeakMap<GatewaySettings, OfService> | undefined

/** The built-in echo stands in for the image `httpbin`, of any registry and tag. */
function runsHttpbin(deployment: Resource<DeploymentDocument>): boolean {
  return deployment.document.spec.template.spec.containers.some((container) =>
    /^(.*\/)?httpbin(:[^/:@]+)?(@.*)?$/.test(container.image ?? ''),
  )
}

type ServicePort = NonNullable<ServiceDocument['spec']['ports']>[number]

function targetPortOf(
  port: ServicePort,
  deployment: Resource<DeploymentDocument> | undefined,
): number {
  if (typeof port.targetPort === 'number') return port.targetPort
  if (port.targetPort === undefined) return port.port
  const named = (deployment?.document.spec.template.spec.containers ?? [])
    .flatMap((container) => container.ports ?? [])
    .find((entry) => entry.name === port.targetPort)
  return named?.containerPort ?? port.port
}
