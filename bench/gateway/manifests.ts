import { readFileSync } from 'node:fs'
import type { ManifestFile } from '@twinlatch/gateway'
import { type Site, subjectOf } from './site.ts'

/** Namespace of everything the benchmark applies. */
const namespace = 'bench'

/**
 * The gateway of the comparison as manifests: one host, headers set from the peer, and `subjects`
 * allowed names spread over ten policies (fewer, if there are fewer names) on the workload.
 */
export function gatewayManifests(
  site: Pick<Site, 'host' | 'server' | 'authority' | 'upstreamPort'>,
  subjects: number,
): ManifestFile[] {
  const documents = [
    gatewayDocument(site.host),
    secretDocument('bench-tls', {
      'tls.crt': readFileSync(site.server.certificate, 'utf8'),
      'tls.key': readFileSync(site.server.key, 'utf8'),
    }),
    secretDocument('bench-tls-cacert', { cacert: readFileSync(site.authority, 'utf8') }),
    virtualServiceDocument(site.host),
    serviceDocument(site.upstreamPort),
    ...policyDocuments(subjects),
  ]
  return [{ name: 'bench.yaml', text: documents.join('---\n') }]
}

const policies = 10

function policyDocuments(subjects: number): string[] {
  const count = Math.min(policies, subjects)
  const lists = Array.from({ length: count }, (): string[] => [])
  // The client that calls is the last of the list, as in every other configuration.
  for (let index = subjects; index >= 1; index--) {
    lists[(subjects - index) % count]?.push(subjectOf(index))
  }
  return lists.map(
    (names, index) => `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: clients-${index}, namespace: ${namespace} }
spec:
  targetRefs: [{ group: "", kind: Service, name: workload }]
  action: ALLOW
  rules:
    - when:
        - key: request.headers[X-Client-Ssl-Cn]
          values:
${names.map((name) => `            - "${name}"\n`).join('')}`,
  )
}

function gatewayDocument(host: string): string {
  return `apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: bench, namespace: ${namespace} }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["${host}"]
      tls: { mode: MUTUAL, credentialName: bench-tls, minProtocolVersion: TLSV1_3 }
`
}

function virtualServiceDocument(host: string): string {
  return `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: bench, namespace: ${namespace} }
spec:
  hosts: ["${host}"]
  gateways: [bench]
  http:
    - match: [{ uri: { prefix: /api/ } }, { uri: { prefix: /1m } }]
      headers:
        request:
          set:
            X-Client-Ssl-Cn: "%DOWNSTREAM_PEER_SUBJECT%"
            X-Client-Ssl-Issuer: "%DOWNSTREAM_PEER_ISSUER%"
      route: [{ destination: { host: workload.${namespace}.svc.cluster.local, port: { number: 80 } } }]
`
}

function serviceDocument(upstreamPort: number): string {
  return `apiVersion: v1
kind: Service
metadata:
  name: workload
  namespace: ${namespace}
  annotations: { twinlatch.dev/upstream: "http://127.0.0.1:${upstreamPort}" }
spec:
  ports: [{ name: http, port: 80 }]
`
}

/** A Secret of the ingress namespace. */
export function secretDocument(name: string, values: Readonly<Record<string, string>>): string {
  const data = Object.entries(values).map(
    ([key, value]) => `  ${key}: ${Buffer.from(value).toString('base64')}\n`,
  )
  return `apiVersion: v1
kind: Secret
metadata: { name: ${name}, namespace: istio-system }
data:
${data.join('')}`
}
