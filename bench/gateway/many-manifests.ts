import type { ManifestFile } from '@twinlatch/gateway'
import type { TestCertificate } from '@twinlatch/testing'
import { secretDocument } from './manifests.ts'
import { subjectOf } from './site.ts'

/** How much of everything a configuration holds. */
export interface Size {
  readonly subjects: number
  readonly hosts: number
  readonly routes: number
  readonly bundles: number
}

/** What `serve-many.ts` is given. */
export interface ManyConfiguration {
  readonly port: number
  readonly size: Size
  readonly files: readonly ManifestFile[]
}

/** What is large in a real installation, at once. */
export const large: Size = { subjects: 10_000, hosts: 2_000, routes: 10_000, bundles: 1_000 }
/** What it is compared with. */
export const small: Size = { subjects: 10, hosts: 10, routes: 10, bundles: 10 }

/** Documents of one file; more are refused. */
const documentsPerFile = 500
const policiesOfHotService = 10
const services = 100

/** Host `index` of a configuration. */
export function hostOf(index: number): string {
  return `host-${index}.many.localhost`
}

/**
 * Manifests of that size: a Gateway for every bundle, a VirtualService for every host, a hundred
 * Services with a policy each, and on Service 0, which host 0 leads to, ten policies that share all
 * the subjects. `authorities` are the roots of the bundles.
 */
export function manyManifests(
  size: Size,
  made: {
    readonly server: TestCertificate
    readonly authorities: readonly string[]
    readonly upstreamPort: number
  },
): ManifestFile[] {
  const hostsOfBundle = Math.max(1, Math.floor(size.hosts / size.bundles))
  const rules = Math.max(1, Math.floor(size.routes / size.hosts))
  const serviceCount = Math.min(services, size.hosts)
  const documents = [
    ...count(size.bundles, (index) => gatewayDocument(index, hostsOfBundle)),
    ...count(size.bundles, (index) =>
      secretDocument(`bundle-${index}`, {
        'tls.crt': made.server.chainPem,
        'tls.key': made.server.privateKeyPem,
      }),
    ),
    ...count(size.bundles, (index) =>
      secretDocument(`bundle-${index}-cacert`, { cacert: made.authorities[index] ?? '' }),
    ),
    ...count(size.hosts, (index) =>
      virtualServiceDocument(index, Math.floor(index / hostsOfBundle), rules, serviceCount),
    ),
    ...count(serviceCount, (index) => serviceDocument(index, made.upstreamPort)),
    ...count(serviceCount - 1, (index) =>
      policyDocument(`service-${index + 1}`, index + 1, [1, 2]),
    ),
    ...hotPolicies(size.subjects),
  ]
  return count(Math.ceil(documents.length / documentsPerFile), (file) => ({
    name: `many-${file}.yaml`,
    text: documents.slice(file * documentsPerFile, (file + 1) * documentsPerFile).join('---\n'),
  }))
}

/** One of the ten policies again, with one more name: the smallest change an operator makes. */
export function changedPolicy(size: Size, change: number): ManifestFile {
  const names = [...hotSubjects(size.subjects, 0), size.subjects + 1 + change]
  return { name: 'change.yaml', text: policyDocument('hot-0', 0, names) }
}

function hotPolicies(subjects: number): string[] {
  return count(policiesOfHotService, (index) =>
    policyDocument(`hot-${index}`, 0, hotSubjects(subjects, index)),
  )
}

function hotSubjects(subjects: number, policy: number): number[] {
  return count(Math.ceil(subjects / policiesOfHotService), (index) => {
    return index * policiesOfHotService + policy + 1
  })
}

function gatewayDocument(index: number, hosts: number): string {
  const names = count(hosts, (at) => `"${hostOf(index * hosts + at)}"`).join(', ')
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gateway-${index}, namespace: many }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: [${names}]
      tls: { mode: MUTUAL, credentialName: bundle-${index}, minProtocolVersion: TLSV1_3 }
`
}

function virtualServiceDocument(
  index: number,
  gateway: number,
  rules: number,
  serviceCount: number,
): string {
  const rule = (
    at: number,
  ) => `    - match: [{ uri: { prefix: /${at === rules - 1 ? 'api' : `r${at}`}/ } }]
      headers:
        request:
          set:
            X-Client-Ssl-Cn: "%DOWNSTREAM_PEER_SUBJECT%"
            X-Client-Ssl-Issuer: "%DOWNSTREAM_PEER_ISSUER%"
      route:
        - destination:
            host: service-${index % serviceCount}.many.svc.cluster.local
            port: { number: 80 }
`
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: host-${index}, namespace: many }
spec:
  hosts: ["${hostOf(index)}"]
  gateways: [gateway-${gateway}]
  http:
${count(rules, rule).join('')}`
}

function serviceDocument(index: number, upstreamPort: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: service-${index}
  namespace: many
  annotations: { twinlatch.dev/upstream: "http://127.0.0.1:${upstreamPort}" }
spec:
  ports: [{ name: http, port: 80 }]
`
}

function policyDocument(name: string, service: number, subjects: readonly number[]): string {
  return `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: ${name}, namespace: many }
spec:
  targetRefs: [{ group: "", kind: Service, name: service-${service} }]
  action: ALLOW
  rules:
    - when:
        - key: request.headers[X-Client-Ssl-Cn]
          values:
${subjects.map((subject) => `            - "${subjectOf(subject)}"\n`).join('')}`
}

function count<T>(length: number, make: (index: number) => T): T[] {
  return Array.from({ length }, (_, index) => make(index))
}
