import type { TLSSocket } from 'node:tls'
import { listenersOfFile } from '../tls/file-listeners.fixture.ts'
import {
  connectClient,
  domainsOf,
  openTestListener,
  settingsOf,
  type TestListener,
} from '../tls/listener.fixture.ts'

/**
 * Opens listeners that ask for no client certificate, for the tests of one file. They are stopped
 * behind the test that opened them; one to `keep` is the file's own to stop.
 */
export function plainListeners() {
  const { material, open } = listenersOfFile()
  return ({
    keep = false,
    ...options
  }: Partial<Parameters<typeof openTestListener>[0]> & { keep?: boolean }) => {
    const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
    const domains = domainsOf({ 'a.test.localhost': settingsOf(material(), plain) })
    return (keep ? openTestListener : open)({ domains, ...options })
  }
}

/** Connects and sends a text, a byte for each character. */
export async function sendTo(listener: TestListener, text: string): Promise<TLSSocket> {
  const client = await connectClient(listener.port)
  client.write(Buffer.from(text, 'latin1'))
  return client
}
