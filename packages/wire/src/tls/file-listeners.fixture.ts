import type { TestLeafOrder } from '@twinlatch/testing'
import { afterEach, beforeAll } from 'vitest'
import {
  createMaterial,
  domainsOf,
  type Material,
  openTestListener,
  settingsOf,
  type TestListener,
} from './listener.fixture.ts'

type Options = Parameters<typeof openTestListener>[0]

/** Material and listeners for the tests of one file; each listener is stopped behind its test. */
export function listenersOfFile() {
  let material: Material
  const opened: TestListener[] = []
  beforeAll(async () => {
    material = await createMaterial()
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((listener) => listener.stop()))
  })
  const open = async (options: Options) => {
    const listener = await openTestListener(options)
    opened.push(listener)
    return listener
  }
  return {
    material: () => material,
    open,
    /** One host that trusts the clients of `alpha`, one that asks for no certificate. */
    openDefault: (options: Partial<Options> = {}) => {
      const plain = { requestClientCertificate: false, clientAuthoritiesPem: [] }
      const domains = domainsOf({
        'a.test.localhost': settingsOf(material),
        'plain.test.localhost': settingsOf(material, plain),
      })
      return open({ domains, ...options })
    },
    async identity(authority: 'alpha' | 'beta', order: Partial<TestLeafOrder> = {}) {
      const leaf = await material[authority].issue({ subject: 'CN=poster,O=Twinlatch', ...order })
      return { leaf, cert: leaf.chainPem, key: leaf.privateKeyPem }
    },
  }
}
