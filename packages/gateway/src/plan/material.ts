import { createPrivateKey, createPublicKey } from 'node:crypto'
import { messageOf, Secret } from '@twinlatch/kit'
import {
  type Certificate,
  encodePem,
  formatName,
  parseCertificates,
  parseRevocationLists,
} from '@twinlatch/pki'
import type { GatewayServer } from '../istio/gateway.ts'
import type { PlannedMaterial } from './planned-server.ts'
import type { Resources } from './resources.ts'
import { isUnchanged, type LookUp, SecretSource, type SecretValues } from './secret-source.ts'

/** What a server's secrets came to, and what an operator must hear about them. */
export interface MaterialResult {
  readonly material: PlannedMaterial
  /** Present but unusable: an update that must be refused, so that the old material stays. */
  readonly problem: string | null
  readonly warnings: readonly string[]
}

interface Bundle {
  readonly name: string
  readonly pem: readonly string[]
  readonly crl: string | null
  readonly warnings: readonly string[]
}

/** Material that is missing (it may still come) or unusable (it will not). */
class MaterialFault extends Error {
  readonly missing: boolean

  constructor(message: string, missing: boolean) {
    super(message)
    this.missing = missing
  }
}

const tlsVersions = new Map([
  ['TLSV1_2', 'TLSv1.2'],
  ['TLSV1_3', 'TLSv1.3'],
] as const)

/** Most keys that an error text lists (gateway.md section 3). */
const keysShownMax = 3

/**
 * Server certificate, key, client authorities and CRL of a server from the secrets it names
 * (gateway.md section 3). Whatever is missing or wrong leaves the server not ready; nothing ever
 * becomes "no check" (gateway.md section 2.3).
 */
export function readMaterial(
  tls: NonNullable<GatewayServer['tls']>,
  resources: Resources,
  ingressNamespace: string,
): MaterialResult {
  materials ??= new WeakMap()
  const known = materials.get(tls)
  if (known?.namespace === ingressNamespace && isUnchanged(known.lookUps, resources)) {
    return known.result
  }
  const source = new SecretSource(resources, ingressNamespace)
  const result = materialFrom(source, tls)
  // The questions, not the source: it would keep every document of this plan alive.
  materials.set(tls, { namespace: ingressNamespace, lookUps: source.lookUps, result })
  return result
}

/**
 * Results by the part of the Gateway that asked for them: checking a thousand keys and certificates
 * again because of one changed policy would take a second. Good only while every document that was
 * looked up, and every one that was missing, is still the same.
 */
let materials: WeakMap<object, RememberedMaterial> | undefined

interface RememberedMaterial {
  readonly namespace: string
  readonly lookUps: readonly LookUp[]
  readonly result: MaterialResult
}

function materialFrom(
  source: SecretSource,
  tls: NonNullable<GatewayServer['tls']>,
): MaterialResult {
  try {
    const own = readOwn(source, tls.credentialName ?? '')
    const bundle = tls.mode === 'SIMPLE' ? null : readBundle(source, tls)
    const [leaf] = own.chain
    const tlsSettings = {
      certificateChainPem: own.chain.map((certificate) => pemOf(certificate)).join(''),
      privateKeyPem: own.key,
      requestClientCertificate: bundle !== null,
      clientAuthoritiesPem: bundle?.pem ?? [],
      crlPem: bundle?.crl ?? null,
      minVersion: version(tls.minProtocolVersion) ?? 'TLSv1.2',
      maxVersion: version(tls.maxProtocolVersion) ?? 'TLSv1.3',
      cipherSuites: tls.cipherSuites === undefined ? null : [...new Set(tls.cipherSuites)],
    } as const
    const material = {
      ready: true,
      tls: tlsSettings,
      bundleName: bundle?.name ?? null,
      local: {
        subject: leaf === undefined ? null : formatName(leaf.subject),
        uriSans: sansOf(leaf, 'uri'),
        dnsSans: sansOf(leaf, 'dns'),
      },
    } as const
    return { material, problem: null, warnings: bundle?.warnings ?? [] }
  } catch (error) {
    if (!(error instanceof MaterialFault)) throw error
    return {
      material: { ready: false, reason: error.message },
      problem: error.missing ? null : error.message,
      warnings: error.missing ? [`not ready: ${error.message}`] : [],
    }
  }
}

function version(name: string | undefined) {
  return name === undefined ? undefined : tlsVersions.get(name as 'TLSV1_2' | 'TLSV1_3')
}

function sansOf(certificate: Certificate | undefined, type: 'uri' | 'dns'): string[] {
  return (certificate?.subjectAltNames ?? [])
    .filter((name) => name.type === type)
    .map((name) => name.value)
}

function readOwn(source: SecretSource, credential: string) {
  const secret = source.secret(credential)
  if (secret === null) throw missing(`${source.nameOf(credential)} does not exist`)
  const pair = [
    ['cert', 'key'],
    ['tls.crt', 'tls.key'],
  ].find(([certificate = '', key = '']) => secret.values.has(certificate) && secret.values.has(key))
  const [certificateKey, keyKey] = pair ?? []
  if (certificateKey === undefined || keyKey === undefined) {
    throw bad(`${secret.name} has neither cert and key nor tls.crt and tls.key (${keysOf(secret)})`)
  }
  const chain = certificatesIn(secret, certificateKey)
  const keyPem = filled(secret, keyKey)
  const [leaf] = chain
  if (leaf === undefined) throw bad(`${secret.name}: key "${certificateKey}" holds no certificate`)
  if (!fits(leaf, keyPem, `${secret.name}: key "${keyKey}"`)) {
    throw bad(`${secret.name}: the private key does not belong to ${formatName(leaf.subject)}`)
  }
  return { chain, key: new Secret(keyPem) }
}

function fits(leaf: Certificate, keyPem: string, name: string): boolean {
  try {
    const publicKey = createPublicKey(createPrivateKey(keyPem))
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    return Buffer.from(leaf.spki).equals(spki)
  } catch {
    // The reason could quote the key, so it is not passed on.
    throw bad(`${name} is no unencrypted private key in PEM`)
  }
}

function readBundle(source: SecretSource, tls: NonNullable<GatewayServer['tls']>): Bundle {
  const values = bundleValues(source, tls)
  const key = ['cacert', 'ca.crt'].find((name) => values.values.has(name))
  if (key === undefined) {
    const message = `${values.name} has neither cacert nor ca.crt (${keysOf(values)})`
    const own = `${tls.credentialName}-cacert`
    // The server's own secret is only looked at while the one of the CA may still come.
    const mayCome = tls.caCertCredentialName === undefined && source.secret(own) === null
    if (mayCome) throw missing(`no client CA: ${source.nameOf(own)} does not exist, and ${message}`)
    throw bad(`no client CA: ${message}`)
  }
  const certificates = certificatesIn(values, key)
  const authorities = certificates.filter(isAuthority)
  if (authorities.length === 0) {
    throw bad(`${values.name}: key "${key}" holds no CA certificate (${subjectsOf(certificates)})`)
  }
  const crlKey = key === 'cacert' ? 'crl' : 'ca.crl'
  const crl = values.values.has(crlKey) ? readCrl(values, crlKey, authorities) : null
  const warnings = certificates
    .filter((certificate) => !isAuthority(certificate))
    .map(
      (certificate) =>
        `${values.name}: ${formatName(certificate.subject)} is no CA, but is accepted by itself`,
    )
  return { name: values.name, pem: certificates.map(pemOf), crl, warnings }
}

function bundleValues(source: SecretSource, tls: NonNullable<GatewayServer['tls']>): SecretValues {
  const named = tls.caCertCredentialName
  const configMap = /^configmap:\/\/(.+)$/.exec(named ?? '')?.[1]
  if (configMap !== undefined) {
    const found = source.configMap(configMap)
    if (found === null) throw missing(`no client CA: configmap ${configMap} does not exist`)
    // Only ca.crt is a CA in a config map (gateway.md section 2.2).
    return { ...found, values: new Map([...found.values].filter(([key]) => key.startsWith('ca.'))) }
  }
  if (named !== undefined) {
    const found = source.secret(named)
    if (found === null) throw missing(`no client CA: ${source.nameOf(named)} does not exist`)
    return found
  }
  const credential = tls.credentialName ?? ''
  const found = source.secret(`${credential}-cacert`) ?? source.secret(credential)
  if (found === null) throw missing(`no client CA: ${source.nameOf(credential)} does not exist`)
  return found
}

/** CA flag, or self-signed as an anchor of itself (gateway.md section 2.3). */
function isAuthority(certificate: Certificate): boolean {
  return certificate.basicConstraints?.ca === true || certificate.selfIssued
}

function readCrl(values: SecretValues, key: string, authorities: readonly Certificate[]): string {
  const crl = filled(values, key)
  try {
    parseRevocationLists(crl)
  } catch (cause) {
    throw bad(`${values.name}: key "${key}" is no CRL in PEM (${messageOf(cause)})`)
  }
  // With one CRL every certificate of a path needs one, the anchor's issuer's too (gateway.md 4.1).
  if (!authorities.some((certificate) => certificate.selfIssued)) {
    throw bad(`${values.name}: a CRL cannot work without the root; add it to "cacert"`)
  }
  return crl
}

function certificatesIn(values: SecretValues, key: string): Certificate[] {
  const text = filled(values, key)
  try {
    return parseCertificates(text)
  } catch (cause) {
    throw bad(`${values.name}: key "${key}" is no certificate in PEM: ${messageOf(cause)}`)
  }
}

function filled(values: SecretValues, key: string): string {
  const text = values.values.get(key) ?? ''
  if (text.trim() === '') throw bad(`${values.name}: found key "${key}" but it was empty`)
  return text
}

function keysOf(values: SecretValues): string {
  const keys = [...values.values.keys()]
  if (keys.length === 0) return 'it has no keys'
  const more = keys.length > keysShownMax ? ` and ${keys.length - keysShownMax} more` : ''
  return `found ${keys.slice(0, keysShownMax).join(', ')}${more}`
}

function subjectsOf(certificates: readonly Certificate[]): string {
  if (certificates.length === 0) return 'no certificate at all'
  return `only ${certificates
    .slice(0, keysShownMax)
    .map((entry) => formatName(entry.subject))
    .join(' and ')}`
}

function pemOf(certificate: Certificate): string {
  return encodePem('CERTIFICATE', certificate.raw)
}

function missing(message: string): MaterialFault {
  return new MaterialFault(message, true)
}

function bad(message: string): MaterialFault {
  return new MaterialFault(message, false)
}
