import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CertificateBody,
  createCaClient,
  createConnection,
  createControlClient,
  createDestinationClient,
} from '@twinlatch/client'
import { loopbackLookup } from '@twinlatch/wire'
import { Agent, fetch } from 'undici'
import { type Server, startServer } from './stack.ts'

/** Every kind of write there is; each has a lane of its own, and all lanes write at once. */
export const writeKinds = [
  'certificate',
  'keystore',
  'destination',
  'binding',
  'documents',
  'audit',
] as const
export type WriteKind = (typeof writeKinds)[number]

/** Names of the writes that were answered, by kind, and how many were under way at a kill. */
export interface KillTally {
  readonly acknowledged: Readonly<Record<WriteKind, Set<string>>>
  readonly interrupted: Record<WriteKind, number>
}

/** What the lanes and the check afterwards talk to. */
export interface Clients {
  readonly ca: ReturnType<typeof createCaClient>
  readonly control: ReturnType<typeof createControlClient>
  readonly destinations: ReturnType<typeof createDestinationClient>
  close(): Promise<void>
}

/** Clients of `server` with the admin token. */
export function clientsOf(server: Server): Clients {
  const agent = new Agent({
    connect: { ca: readFileSync(server.ready.ca, 'utf8'), lookup: loopbackLookup },
  })
  const connection = createConnection({
    baseUrl: server.ready.urls.control,
    token: server.adminToken(),
    fetch: async (url, init) =>
      (await fetch(url, { ...init, dispatcher: agent } as never)) as unknown as Response,
  })
  return {
    ca: createCaClient(connection),
    control: createControlClient(connection),
    destinations: createDestinationClient(connection),
    close: () => agent.destroy(),
  }
}

/** The destination that the lane writes under a name. */
export const destinationOf = (name: string) => ({
  Name: name,
  Type: 'HTTP',
  URL: `https://${name}.localhost`,
  ProxyType: 'Internet',
  Authentication: 'BasicAuthentication',
  User: name,
  Password: `password of ${name}`,
})

/** Three documents of one call: all of them, or none. */
const manifestOf = (name: string) =>
  [1, 2, 3]
    .map(
      (part) =>
        `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}-${part}, namespace: kill }\ndata: { part: "${part}" }\n`,
    )
    .join('---\n')

const issueFor = (clients: Clients, commonName: string) =>
  clients.ca.issue({
    commonName,
    keyType: 'ec-p256',
    format: 'modern',
    password: 'a password of the test',
  })

/** The binding that the audit lane shows over and over: each time only an audit row is written. */
const shownBinding = 'shown'
/** The keystore that its lane stores under ever new names. */
const sharedKeystore = 'shared'

/** What is there before the first kill. Returns the bytes of the keystore, in base64. */
export async function prepare(clients: Clients): Promise<string> {
  await clients.control.bindings.create({ name: shownBinding })
  return (await issueFor(clients, sharedKeystore)).file ?? ''
}

/** For the lane that would meet its limit within a hundred rounds. */
const keystoresPerRoundMax = 4

/**
 * One round: starts a server, writes in all lanes, and kills it with SIGKILL as soon as
 * `writesBeforeKill` writes were answered. What was not answered by then may be there or not.
 */
export async function killRound(
  {
    home,
    env,
    round,
    keystore,
  }: { home: string; env: NodeJS.ProcessEnv; round: number; keystore: string },
  tally: KillTally,
): Promise<void> {
  const server = await startServer(['--ephemeral', '--home', home], env)
  const clients = clientsOf(server)
  // From the first write to one in the middle of a burst.
  const writesBeforeKill = 1 + ((round * 7) % 30)
  // The slowest lane would hardly ever have anything to lose.
  const waitsForCertificate = round % 2 === 1
  let certificates = 0
  let keystores = 0
  let written = 0
  let killed = false
  const writes = writersOf(clients, keystore)
  const lane = async (kind: WriteKind) => {
    for (let index = 0; !killed; index += 1) {
      const name = `r${round}-${kind}-${index}`
      try {
        await writes[kind](name)
      } catch (error) {
        if (!killed) throw error
        tally.interrupted[kind] += 1
        return
      }
      tally.acknowledged[kind].add(name)
      written += 1
      if (kind === 'certificate') certificates += 1
      if (kind === 'keystore') keystores += 1
      // A subaccount may keep 500 keystores, and a long run has many rounds.
      if (kind === 'keystore' && keystores === keystoresPerRoundMax) return
      const due = written >= writesBeforeKill && (certificates > 0 || !waitsForCertificate)
      if (due && !killed) {
        killed = true
        server.child.kill('SIGKILL')
      }
    }
  }
  await Promise.all(writeKinds.map(lane))
  await server.end('SIGKILL')
  await clients.close()
}

function writersOf(
  clients: Clients,
  keystore: string,
): Readonly<Record<WriteKind, (name: string) => Promise<unknown>>> {
  const certificateOf = (name: string): CertificateBody => ({
    Name: `${name}.p12`,
    Content: keystore,
    Type: 'CERTIFICATE',
  })
  return {
    certificate: (name) => issueFor(clients, name),
    keystore: (name) => clients.destinations.uploadCertificate('subaccount', certificateOf(name)),
    destination: (name) => clients.destinations.create('subaccount', destinationOf(name)),
    binding: (name) => clients.control.bindings.create({ name }),
    documents: (name) => clients.control.apply([{ name: 'kill.yaml', text: manifestOf(name) }]),
    audit: () => clients.control.bindings.show(shownBinding),
  }
}

/** Home and master key of an installation below `directory`. */
export function homeBelow(directory: string): { home: string; masterKey: string } {
  const home = join(directory, 'home')
  return { home, masterKey: join(home, 'master.key') }
}
