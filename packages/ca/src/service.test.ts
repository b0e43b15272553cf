import { devSubaccountId, Secret, silentLogger } from '@twinlatch/kit'
import { readPkcs12 } from '@twinlatch/pki'
import { createFakeClock, openTestStore, type TestStore } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CertificateAuthority } from './certificate-authority.ts'
import { migrations } from './migrations.ts'
import { openCertificateAuthority } from './service.ts'

const clock = createFakeClock()
const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }
let stage: TestStore
let ca: CertificateAuthority
beforeEach(async () => {
  stage = await openTestStore([migrations], { clock })
  ca = await openCertificateAuthority({
    ...{ clock, log: silentLogger },
    store: stage.store,
    audit: stage.audit,
  })
})
afterEach(async () => {
  await ca.stop()
  await stage.stop()
})

test('issues', async () => {
  const issued = await ca.issue(
    {
      name: 'poster-quovadis',
      profile: 'client',
      subjectAltNames: [],
      format: 'modern',
      password: new Secret('a password'),
    },
    caller,
  )
  const k = await readPkcs12(issued.file as Uint8Array, 'a password')
  expect(k.entries[0]?.chain).toHaveLength(3)
})
