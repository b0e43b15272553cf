import type { CaClient, CertificateOrderBody, IssuedCertificateBody } from '@twinlatch/client'
import { decodePem, encodePem } from '@twinlatch/pki'
import { stringify } from 'yaml'

export interface SecretName {
  readonly namespace: string
  readonly name: string
}

/** A `kubernetes.io/tls` Secret with chain and key, as YAML for `apply -f -` (gateway.md section 3). */
function renderTlsSecret(
  secret: SecretName,
  material: { chainPem: string; privateKeyPem: string },
): string {
  return renderSecret(secret, 'kubernetes.io/tls', [
    ['tls.crt', material.chainPem],
    ['tls.key', material.privateKeyPem],
  ])
}

/** An Opaque Secret with the client authorities under `cacert`, as YAML (gateway.md section 3). */
export function renderCaSecret(secret: SecretName, bundlePem: string): string {
  return renderSecret(secret, 'Opaque', [['cacert', bundlePem]])
}

function renderSecret(
  { namespace, name }: SecretName,
  type: string,
  entries: readonly (readonly [string, string])[],
): string {
  const data = entries.map(([key, text]) => [key, Buffer.from(text, 'utf8').toString('base64')])
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name, namespace },
      type,
      data: Object.fromEntries(data),
    },
    { lineWidth: 0 },
  ).trimEnd()
}

/** Issues a certificate and renders it as a TLS Secret: leaf and intermediates, no root (pki.md 11.12). */
export async function issueTlsSecret(
  ca: CaClient,
  secret: SecretName,
  order: Omit<CertificateOrderBody, 'format' | 'password'>,
): Promise<string> {
  const issued = await ca.issue({ ...order, format: 'pem-secret' })
  if (!issued.privateKeyPem) throw new TypeError('a certificate that was issued has a key')
  return tlsSecretOf(secret, { ...issued, privateKeyPem: issued.privateKeyPem })
}

/** The TLS Secret of an issued certificate and its key. */
export function tlsSecretOf(
  secret: SecretName,
  issued: Pick<IssuedCertificateBody, 'chain'> & { privateKeyPem: string },
): string {
  const sent = decodePem(issued.chain).slice(0, -1)
  const chainPem = sent.map(({ label, der }) => encodePem(label, der)).join('')
  return renderTlsSecret(secret, { chainPem, privateKeyPem: issued.privateKeyPem })
}
