import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection, createControlClient, createDestinationClient } from '@twinlatch/client'
import { loopbackLookup } from '@twinlatch/wire'
import { Agent, fetch } from 'undici'
import { expect, test } from 'vitest'
import { remove, type Server, startServer, temporaryDirectory } from './stack.ts'

const rounds = 20
/** Acknowledged writes before the kill of each round; the kill hits those that are under way. */
const writesBeforeKill = 12

interface Clients {
  readonly control: ReturnType<typeof createControlClient>
  readonly destinations: ReturnType<typeof createDestinationClient>
  close(): Promise<void>
}

function clientsOf(server: Server): Clients {
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
    control: createControlClient(connection),
    destinations: createDestinationClient(connection),
    close: () => agent.destroy(),
  }
}

const destinationOf = (name: string) => ({
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

test(`after kill -9 in each of ${rounds} rounds every acknowledged write is there, and none is half there`, async () => {
  const directory = temporaryDirectory()
  const home = join(directory, 'home')
  const acknowledged = {
    destinations: new Set<string>(),
    manifests: new Set<string>(),
    bindings: new Set<string>(),
  }
  try {
    for (let round = 0; round < rounds; round += 1) {
      const server = await startServer(['--ephemeral', '--home', home])
      const clients = clientsOf(server)
      let written = 0
      let killed = false
      const write = async (lane: number) => {
        for (let index = 0; !killed; index += 1) {
          const name = `r${round}-l${lane}-${index}`
          try {
            if (lane === 0) {
              await clients.destinations.create('subaccount', destinationOf(name))
              acknowledged.destinations.add(name)
            } else if (lane === 1) {
              await clients.control.apply([{ name: 'kill.yaml', text: manifestOf(name) }])
              acknowledged.manifests.add(name)
            } else {
              await clients.control.bindings.create({ name })
              acknowledged.bindings.add(name)
            }
          } catch (error) {
            if (killed) return
            throw error
          }
          written += 1
          if (written >= writesBeforeKill && !killed) {
            killed = true
            server.child.kill('SIGKILL')
          }
        }
      }
      await Promise.all([write(0), write(1), write(2)])
      await server.end('SIGKILL')
      await clients.close()
    }

    const server = await startServer(['--ephemeral', '--home', home])
    const clients = clientsOf(server)
    const destinations = await clients.destinations.list('subaccount')
    const names = new Set(destinations.map((body) => body['Name'] ?? ''))
    expect([...acknowledged.destinations].filter((name) => !names.has(name))).toEqual([])
    for (const body of destinations) expect(body).toEqual(destinationOf(body['Name'] ?? ''))

    const documents = await clients.control.documents({ kind: 'ConfigMap' })
    const parts = documents.map((document) => (document['metadata'] as { name: string }).name)
    const whole = Map.groupBy(parts, (name) => name.replace(/-\d$/, ''))
    expect([...acknowledged.manifests].filter((name) => !whole.has(name))).toEqual([])
    for (const [name, group] of whole) expect(group, `${name} is half there`).toHaveLength(3)

    const bindings = new Set((await clients.control.bindings.list()).map(({ name }) => name))
    expect([...acknowledged.bindings].filter((name) => !bindings.has(name))).toEqual([])
    await clients.close()
    await server.end()
    expect(acknowledged.destinations.size + acknowledged.manifests.size).toBeGreaterThan(rounds)
  } finally {
    remove(directory)
  }
})
