import { createTestAuthority, type TestAuthority, type TestCertificate } from '@twinlatch/testing'
import { documents, secret } from './stack.ts'

/** Subject of the client that the policies of these tests let in. */
export const subject = 'CN=orders,OU=Clients,O=Example,C=DE'

/** Two hosts with authorities of their own, as in issue steps 6 and 7. */
export interface TwoHosts {
  readonly clientsA: TestAuthority
  readonly clientsB: TestAuthority
  /** Root of the server certificates. */
  readonly ca: string
  /** A good client of each host. */
  readonly clientA: TestCertificate
  readonly clientB: TestCertificate
  readonly serverA: TestCertificate
  readonly serverB: TestCertificate
}

/** Makes the certificates; keys live in memory only. */
export async function createTwoHosts(): Promise<TwoHosts> {
  // Certificates hold whole seconds.
  const now = new Date(Math.floor(Date.now() / 1000) * 1000)
  const clientsA = await createTestAuthority({ name: 'Clients A', now })
  const clientsB = await createTestAuthority({ name: 'Clients B', now })
  const servers = await createTestAuthority({ name: 'Servers', now })
  const serverOf = (name: string) =>
    servers.issue({
      subject: [{ type: 'CN', value: name }],
      purpose: 'server',
      subjectAltNames: [{ type: 'dns', value: name }],
    })
  return {
    clientsA,
    clientsB,
    ca: servers.rootPem,
    clientA: await clientsA.issue({ subject }),
    clientB: await clientsB.issue({ subject }),
    serverA: await serverOf('*.a.localhost'),
    serverB: await serverOf('*.b.localhost'),
  }
}

/** Server certificate and trust bundle of a host, as the Gateway `<name>` names them. */
export function secretsOf(
  name: string,
  server: Pick<TestCertificate, 'chainPem' | 'privateKeyPem'>,
  bundlePem: string,
  crlPem?: string,
): string {
  return documents(
    secret(name, { 'tls.crt': server.chainPem, 'tls.key': server.privateKeyPem }),
    secret(`${name}-cacert`, { cacert: bundlePem, ...(crlPem ? { crl: crlPem } : {}) }),
  )
}

/** A Gateway on 443 for one wildcard host. */
export function gatewayFor(name: string, host: string, mode = 'MUTUAL'): string {
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: quovadis }
spec:
  selector: { istio: ingressgateway }
  servers:
    - port: { number: 443, name: https, protocol: HTTPS }
      hosts: ["${host}"]
      tls: { mode: ${mode}, credentialName: ${name} }`
}

/** Routes one host of a Gateway to httpbin, with the headers of the published recipe. */
export function routeFor(name: string, host: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: quovadis }
spec:
  hosts: ["${host}"]
  gateways: ["quovadis/${name}"]
  http:
    - timeout: 300s
      headers:
        request:
          set:
            X-CLIENT-SSL-CN: "%DOWNSTREAM_PEER_SUBJECT%"
            X-CLIENT-SSL-ISSUER: "%DOWNSTREAM_PEER_ISSUER%"
            X-CLIENT-SSL-SAN: "%DOWNSTREAM_PEER_URI_SAN%"
            X-CALLER-SAN: "%DOWNSTREAM_PEER_URI_SAN%"
            X-FORWARDED-HOST: "%REQ(:AUTHORITY)%"
      route:
        - destination: { host: httpbin.quovadis.svc.cluster.local, port: { number: 8000 } }`
}

/** Deployment and Service of the workload; the built-in echo unless another image is named. */
export function workload(more: { image?: string; annotation?: string } = {}): string {
  return documents(
    `
apiVersion: apps/v1
kind: Deployment
metadata: { name: httpbin, namespace: quovadis }
spec:
  replicas: 1
  selector: { matchLabels: { app: httpbin } }
  template:
    metadata: { labels: { app: httpbin } }
    spec:
      serviceAccountName: httpbin
      containers: [{ name: httpbin, image: ${more.image ?? 'httpbin'}, ports: [{ containerPort: 80 }] }]`,
    `
apiVersion: v1
kind: Service
metadata:
  name: httpbin
  namespace: quovadis
  annotations: { ${more.annotation ?? ''} }
spec:
  selector: { app: httpbin }
  ports: [{ name: http, port: 8000, targetPort: 80 }]`,
  )
}
