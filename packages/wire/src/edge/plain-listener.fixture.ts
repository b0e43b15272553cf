import type { TLSSocket } from 'node:tls'
import { afterEach, beforeAll } from 'vitest'
import {
  connectClient,
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  settingsOf,
  type TestListener,
} from '../tls/listener.fixture.ts'

/**
 * Opens listeners that ask for no client certificate, for the tests of one file. They are stopped
 * behind the test that opened them; one to `keep` is the file's own to stop.
 */
export function plainListeners() {
  let material: Material
  const open: TestListener[] = []
  beforeAll(async () => {
    material = await createMaterial()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.stop()))
  })
  return async ({
    keep = false,
    ...options
  }: Partial<Parameters<typeof openTestListener>[0]> & { keep?: boolean }) => {
    const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
    const listener = await openTestListener({
      domains: domainsOf({ 'a.test.localhost': settingsOf(material, plain) }),
      ...options,
    })
    if (!keep) open.push(listener)
    return listener
  }
}

/** Connects and sends a text, a byte for each character. */
export async function sendTo(listener: TestListener, text: string): Promise<TLSSocket> {
  const client = await connectClient(listener.port)
  client.write(Buffer.from(text, 'latin1'))
  return client
}
