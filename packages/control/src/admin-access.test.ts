import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { devSubaccountId, newSubaccountId, Secret } from '@twinlatch/kit'
import type { SubaccountDirectory } from '@twinlatch/store'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { authenticateAdmin, loadAdminToken } from './admin-access.ts'

let home: TemporaryDirectory
let file: string
beforeEach(async () => {
  home = await createTemporaryDirectory()
  file = join(home.path, 'admin-token')
})
afterEach(() => home.remove())

describe('the token file', () => {
  test('is created for its owner only, with a token that scanners know, and kept', async () => {
    const token = await loadAdminToken({ file })
    expect(token.reveal()).toMatch(/^twl_[\w-]{43}$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect((await loadAdminToken({ file })).reveal()).toBe(token.reveal())
    expect(`${token}`).toBe('[secret]')
  })

  test('that others may read is refused', async () => {
    await loadAdminToken({ file })
    chmodSync(file, 0o644)
    await expect(loadAdminToken({ file })).rejects.toMatchObject({
      code: 'store/secret-file-exposed',
    })
  })

  test.each(['', 'password', 'twl_short'])('with %j is refused', async (text) => {
    writeFileSync(file, text, { mode: 0o600 })
    await expect(loadAdminToken({ file })).rejects.toMatchObject({
      code: 'store/secret-file-malformed',
    })
  })
})

describe('a call', () => {
  const acmeId = newSubaccountId()
  const acme = { id: acmeId, name: 'acme', host: 'acme.localhost' }
  const dev = { id: devSubaccountId, name: 'dev', host: 'dev.localhost' }
  const directory: SubaccountDirectory = {
    byId: async (id) => [acme, dev].find((entry) => entry.id === id) ?? null,
    byName: async (name) => [acme, dev].find((entry) => entry.name === name) ?? null,
  }
  const token = `twl_${'a'.repeat(43)}`
  const authenticate = authenticateAdmin(new Secret(token), directory)
  const call = (headers: Record<string, string>) => authenticate(new Headers(headers))
  const bearer = { authorization: `Bearer ${token}` }

  test('with the token acts in dev, on subaccount level', async () => {
    expect(await call(bearer)).toEqual({
      kind: 'admin',
      name: 'admin',
      subaccountId: devSubaccountId,
      subaccountName: 'dev',
      instanceId: null,
    })
  })

  test.each([
    ['name', 'acme'],
    ['GUID', acmeId],
  ])('acts in the subaccount that the header names by %s', async (_name, wanted) => {
    const caller = await call({ ...bearer, 'X-Twinlatch-Subaccount': wanted })
    expect(caller).toMatchObject({ subaccountId: acmeId, subaccountName: 'acme' })
  })

  test.each(['nobody', '', 'ACME', newSubaccountId(), 'x'.repeat(5000)])(
    'into the subaccount %j, which is not there, is refused and never falls back to dev',
    async (wanted) => {
      const result = await call({ ...bearer, 'X-Twinlatch-Subaccount': wanted })
      expect(result).toMatchObject({ reason: 'unknown-subaccount' })
      expect(JSON.stringify(result).length).toBeLessThan(200)
    },
  )

  test.each<[string, Record<string, string>, string]>([
    ['without a token', {}, 'missing'],
    ['with Basic', { authorization: 'Basic YTpi' }, 'missing'],
    ['with a cookie', { cookie: `token=${token}` }, 'missing'],
    ['with another token', { authorization: `Bearer twl_${'b'.repeat(43)}` }, 'invalid'],
    ['with the beginning of it', { authorization: `Bearer ${token.slice(0, -1)}` }, 'invalid'],
    ['with more than it', { authorization: `Bearer ${token}a` }, 'invalid'],
  ])('%s is refused', async (_name, headers, reason) => {
    expect(await call(headers)).toMatchObject({ reason })
  })

  test('with a wrong token learns nothing of subaccounts', async () => {
    const headers = { authorization: 'Bearer wrong', 'X-Twinlatch-Subaccount': 'nobody' }
    expect(await call(headers)).toMatchObject({ reason: 'invalid' })
  })
})
