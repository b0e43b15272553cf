import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issueTlsSecret, renderCaSecret } from '../commands/secret-manifest.ts'
import { connectTo, type ServerConnection } from '../connection.ts'
import type { Home, RunState } from '../home.ts'
import { writeSecretFile } from '../output-file.ts'
import { exampleManifests } from './manifests.ts'

/** Hosts that the sample serves. */
export const sampleHosts = ['httpbin-x509.mtls.localhost', 'httpbin.quovadis.localhost'] as const

/** Client certificates of the sample, by profile; each is the one subject its host's policy allows. */
const sampleClients = [
  { name: 'poster-quovadis', profile: 'client' },
  { name: 'partner-quovadis', profile: 'partner' },
] as const

/** Server certificate and client authority of each Gateway of the sample. */
const sampleCredentials = [
  { credential: 'kyma-mtls', host: '*.mtls.localhost', clients: 'clients' },
  { credential: 'quovadis-mtls', host: '*.quovadis.localhost', clients: 'partner' },
] as const

const ingressNamespace = 'istio-system'

const sampleSettings = `# Settings of this installation; written once by "up --sample", yours to change.
gateway:
  # A second x-forwarded-client-cert element, as the sidecar of a mesh workload adds it.
  meshHop:
    enabled: true
`

/** Writes the settings of the sample unless the home has some. */
export async function createSampleSettings(home: Home): Promise<void> {
  await mkdir(home.directory, { recursive: true, mode: 0o700 })
  if (!existsSync(home.config)) await writeFile(home.config, sampleSettings, { mode: 0o600 })
}

/**
 * Brings a running server to the state after the main flow, through its own front door: creates
 * what is missing and overwrites nothing, so that it may run at every start.
 */
export async function createSample(home: Home, state: RunState): Promise<void> {
  const server = connectTo({
    url: state.urls.control,
    ca: readFileSync(state.ca, 'utf8'),
    token: readFileSync(state.adminToken, 'utf8').trim(),
  })
  try {
    const password = await ensurePassword(home)
    for (const client of sampleClients) await ensureKeystore(home, server, client, password)
    await ensureManifests(server)
    await ensureDestination(server, Number(new URL(state.urls.gateway).port), password)
    const bindings = await server.control.bindings.list()
    if (!bindings.some(({ name }) => name === 'sample-app')) {
      await server.control.bindings.create({ name: 'sample-app' })
    }
  } finally {
    await server.close()
  }
}

async function ensurePassword(home: Home): Promise<string> {
  const file = join(home.sample, 'password.txt')
  await mkdir(home.sample, { recursive: true, mode: 0o700 })
  if (!existsSync(file)) {
    await writeSecretFile(file, `${randomBytes(18).toString('base64url')}\n`, { force: false })
  }
  return (await readFile(file, 'utf8')).trim()
}

async function ensureKeystore(
  home: Home,
  { ca, destinations }: ServerConnection,
  { name, profile }: (typeof sampleClients)[number],
  password: string,
): Promise<void> {
  const file = join(home.sample, `${name}.p12`)
  if (!existsSync(file)) {
    const issued = await ca.issue({ commonName: name, profile, password, format: 'modern' })
    await writeSecretFile(file, Buffer.from(issued.file ?? '', 'base64'), { force: false })
  }
  const kept = await destinations.listCertificates('subaccount')
  if (kept.some(({ Name }) => Name === `${name}.p12`)) return
  const content = await readFile(file)
  await destinations.uploadCertificate('subaccount', {
    Name: `${name}.p12`,
    Type: 'CERTIFICATE',
    Content: content.toString('base64'),
  })
}

async function ensureManifests({ ca, control }: ServerConnection): Promise<void> {
  const present = new Set((await control.documents()).map(keyOf))
  const missing = (kind: string, namespace: string, name: string) =>
    !present.has(`${kind}/${namespace}/${name}`)
  const files: { name: string; text: string }[] = []
  for (const { credential, host, clients } of sampleCredentials) {
    if (missing('Secret', ingressNamespace, credential)) {
      files.push({
        name: credential,
        text: await issueTlsSecret(ca, secretOf(credential), {
          commonName: credential,
          profile: 'server',
          san: [{ type: 'dns', value: host }],
        }),
      })
    }
    const bundle = `${credential}-cacert`
    if (missing('Secret', ingressNamespace, bundle)) {
      files.push({ name: bundle, text: renderCaSecret(secretOf(bundle), await ca.bundle(clients)) })
    }
  }
  for (const folder of ['01-cluster-domain', '02-own-domain']) {
    for (const { file, kind, namespace, name, text } of exampleManifests(folder)) {
      if (missing(kind, namespace, name)) files.push({ name: `${folder}/${file}`, text })
    }
  }
  if (files.length > 0) await control.apply(files)
}

const secretOf = (name: string) => ({ namespace: ingressNamespace, name })

function keyOf(document: Record<string, unknown>): string {
  const metadata = document['metadata'] as { name: string; namespace?: string }
  const namespace = document['kind'] === 'Namespace' ? '' : (metadata.namespace ?? 'default')
  return `${String(document['kind'])}/${namespace}/${metadata.name}`
}

async function ensureDestination(
  { destinations }: ServerConnection,
  gatewayPort: number,
  password: string,
): Promise<void> {
  const present = await destinations.list('subaccount')
  if (present.some((body) => body['Name'] === 'httpbin-x509')) return
  await destinations.create('subaccount', {
    Name: 'httpbin-x509',
    Type: 'HTTP',
    URL: `https://${sampleHosts[0]}:${gatewayPort}`,
    ProxyType: 'Internet',
    Authentication: 'ClientCertificateAuthentication',
    KeyStoreLocation: 'poster-quovadis.p12',
    KeyStorePassword: password,
    'HTML5.DynamicDestination': 'true',
  })
}
