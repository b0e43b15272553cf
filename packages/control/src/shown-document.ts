import type { JsonObject, JsonValue } from './json.ts'

const shown = '[secret]'

/** Keys of Istio's TLS Secrets that hold certificates (gateway.md section 3); all others are secret. */
const publicKeys = new Set(['cacert', 'ca.crt', 'tls.crt', 'cert'])

/** `kubectl apply` writes the whole document there, values included. */
const copyAnnotation = 'kubectl.kubernetes.io/last-applied-configuration'

/** A document's body as it may be shown: values of a Secret are not, unless they are certificates. */
export function shownDocument(body: JsonObject): JsonObject {
  if (body['kind'] !== 'Secret') return body
  return Object.fromEntries(
    Object.entries(body).map(([key, value]) => {
      if (key === 'data') return [key, masked(value, decoded)]
      if (key === 'stringData') return [key, masked(value, String)]
      if (key === 'metadata') return [key, withoutCopy(value)]
      return [key, value]
    }),
  )
}

function masked(values: JsonValue, textOf: (value: string) => string): JsonValue {
  if (!isObject(values)) return shown
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const visible =
        publicKeys.has(key) && typeof value === 'string' && holdsOnlyCertificates(textOf(value))
      return [key, visible ? value : shown]
    }),
  )
}

/** Some people put the key into the certificate's file as well. */
function holdsOnlyCertificates(text: string): boolean {
  const labels = [...text.matchAll(/-----BEGIN ([^-]*)-----/g)].map(([, label]) => label)
  return labels.length > 0 && labels.every((label) => label === 'CERTIFICATE')
}

function withoutCopy(metadata: JsonValue): JsonValue {
  if (!isObject(metadata) || !isObject(metadata['annotations'])) return metadata
  const { [copyAnnotation]: _copy, ...annotations } = metadata['annotations']
  return { ...metadata, annotations }
}

function decoded(base64: string): string {
  return Buffer.from(base64, 'base64').toString('latin1')
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
