import { stat } from 'node:fs/promises'
import { formatName, verifyChain } from '@twinlatch/pki'
import { expect, test } from 'vitest'
import { createTemporaryDirectory } from './temporary-directory.ts'
import { createTestAuthority, type LeafShape } from './test-ca.ts'
import type { TestCertificate } from './test-certificate.ts'

const now = new Date('2026-11-23T12:00:00Z')
const subject = 'CN=poster (P000000),O=Twinlatch,C=DE'

function judge(leaf: TestCertificate, root = leaf.root) {
  const [first, ...above] = leaf.chain
  if (!first) throw new Error('a chain has a leaf')
  const question = { intermediates: above, anchors: [root], time: now, purpose: 'client' } as const
  return verifyChain({ leaf: first, ...question })
}

test.each<[LeafShape, string]>([
  ['valid', 'ok'],
  ['any-purpose', 'ok'],
  ['expired', 'expired'],
  ['not-yet-valid', 'not-yet-valid'],
  ['wrong-purpose', 'wrong-purpose'],
  ['self-signed', 'self-signed'],
  ['missing-intermediate', 'unknown-authority'],
])('a leaf of shape %s is judged as %s', async (shape, expected) => {
  const authority = await createTestAuthority({ name: 'A', now })
  const verdict = judge(await authority.issue({ subject, shape }))
  expect(verdict.ok ? 'ok' : verdict.code).toBe(expected)
})

test('a leaf of one authority is unknown to another of the same name', async () => {
  const [one, other] = [
    await createTestAuthority({ name: 'A', now }),
    await createTestAuthority({ name: 'A', now }),
  ]
  const leaf = await one.issue({ subject })
  expect(judge(leaf).ok).toBe(true)
  expect(judge(leaf, other.root).ok).toBe(false)
})

test.each([0, 1, 3])('with %i intermediates the chain is complete', async (intermediates) => {
  const authority = await createTestAuthority({ name: 'A', now, intermediates })
  const leaf = await authority.issue({ subject })
  expect(leaf.chain).toHaveLength(intermediates + 1)
  expect(judge(leaf)).toMatchObject({ ok: true })
})

test('the subject is the ordered one, and files are for their owner only', async () => {
  await using directory = await createTemporaryDirectory()
  const authority = await createTestAuthority({ name: 'A', now })
  const leaf = await authority.issue({ subject, purpose: 'server' })
  expect(formatName(leaf.certificate.subject)).toBe(subject)
  expect(leaf.certificate.extendedKeyUsage).toEqual(['serverAuth'])
  const files = await leaf.writeTo(`${directory.path}/pem`)
  for (const file of Object.values(files)) {
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  }
})
