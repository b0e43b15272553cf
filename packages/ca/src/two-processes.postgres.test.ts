import { devSubaccountId, silentLogger } from '@twinlatch/kit'
import type { Store } from '@twinlatch/store'
import { createFakeClock, openTestStore, type TestStore } from '@twinlatch/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { CertificateAuthority } from './certificate-authority.ts'
import { defaultLimits } from './config.ts'
import { migrations } from './migrations.ts'
import type { CertificateOrder } from './order.ts'
import { openCertificateAuthority } from './service.ts'

const caller = { subaccountId: devSubaccountId, actor: 'admin', tenantHost: 'dev.localhost' }
const orderOf = (name: string): CertificateOrder => ({
  name,
  profile: 'client',
  subjectAltNames: [],
  keyType: 'ec-p256',
  format: 'pem-secret',
  password: null,
})
const quotaPerYear = 5

let stage: TestStore
let second: Store
let authorities: CertificateAuthority[]

beforeEach(async () => {
  const clock = createFakeClock()
  stage = await openTestStore([migrations], { clock })
  second = await stage.beside()
  authorities = await Promise.all(
    [stage.store, second].map((store) =>
      openCertificateAuthority({
        store,
        audit: stage.audit,
        clock,
        log: silentLogger,
        limits: { ...defaultLimits, quotaPerYear },
      }),
    ),
  )
})
afterEach(async () => {
  for (const ca of authorities) await ca.stop()
  await second.stop()
  await stage.stop()
})

test('two processes that start together make one set of authorities', async () => {
  const made = await Promise.all(
    authorities.map(async (ca) => {
      await ca.ensureAuthorities()
      return (await ca.authorities()).map(({ root }) => root.sha256)
    }),
  )
  expect(made[0]).toHaveLength(3)
  expect(made[1]).toEqual(made[0])
})

test('the quota is exact although both issue at once', async () => {
  const orders = Array.from({ length: 12 }, (_, index) => {
    const ca = authorities[index % 2] as CertificateAuthority
    return ca.issue(orderOf(`client-${index}`), caller)
  })
  const outcomes = await Promise.allSettled(orders)
  const refusals = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason.code] : [],
  )
  expect(refusals).toEqual(Array.from({ length: 12 - quotaPerYear }, () => 'ca/quota-exceeded'))
  const [ca] = authorities
  expect(await ca?.list(devSubaccountId)).toHaveLength(quotaPerYear)
})
