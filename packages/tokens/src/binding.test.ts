import { devSubaccountId } from '@twinlatch/kit'
import { createFakeClock } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { acmeId, openTokenStack } from '../testing/token-stack.ts'
import { tokenLimits } from './limits.ts'

const json = { 'content-type': 'application/json' }
const post = (body: unknown) => ({ method: 'POST', headers: json, body: JSON.stringify(body) })

describe('/api/bindings', () => {
  test('a binding is created without its secret, listed, shown as VCAP_SERVICES, and deleted', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const created = await stack.admin('/api/bindings', post({ name: 'sample-app' }))
    expect(created.status).toBe(201)
    const binding = (await created.json()) as Record<string, string>
    expect(binding).toEqual({
      name: 'sample-app',
      instanceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      clientId: expect.stringMatching(/^sb-clone-[0-9a-f]{32}!b1\|destination-xsappname!b1$/),
      credentialType: 'binding-secret',
      createdAt: '2026-11-23T12:00:00.000Z',
    })
    expect(await (await stack.admin('/api/bindings')).json()).toEqual([binding])
    const shown = await stack.admin('/api/bindings/sample-app')
    expect(shown.headers.get('cache-control')).toBe('no-store')
    expect(await shown.json()).toEqual({
      service: {
        name: 'sample-app',
        instance_name: 'sample-app',
        label: 'destination',
        plan: 'lite',
        tags: ['destination', 'conn', 'connsvc'],
        credentials: {
          clientid: binding['clientId'],
          clientsecret: expect.stringMatching(/^[\w-]{43}$/),
          uri: 'https://localhost:8443',
          url: 'https://localhost:8443',
          uaadomain: 'localhost:8443',
          xsappname: binding['clientId']?.slice('sb-'.length),
          tenantid: devSubaccountId,
          identityzone: 'dev',
          instanceid: binding['instanceId'],
          'credential-type': 'binding-secret',
          verificationkey: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----\n/),
        },
      },
    })
    const deleted = await stack.admin('/api/bindings/sample-app', { method: 'DELETE' })
    expect(deleted.status).toBe(204)
    expect(await (await stack.admin('/api/bindings')).json()).toEqual([])
  })

  test('creating, showing and deleting leave audit rows without secrets; listing leaves none', async () => {
    await using stack = await openTokenStack(createFakeClock())
    await stack.admin('/api/bindings', post({ name: 'b' }))
    await stack.admin('/api/bindings')
    const shown = await (await stack.admin('/api/bindings/b')).text()
    await stack.admin('/api/bindings/b', { method: 'DELETE' })
    expect(stack.audited.map(({ actor, action, target }) => [actor, action, target])).toEqual([
      ['admin', 'binding.created', 'b'],
      ['admin', 'binding.shown', 'b'],
      ['admin', 'binding.deleted', 'b'],
    ])
    const secret = JSON.parse(shown).service.credentials.clientsecret as string
    expect(JSON.stringify(stack.audited)).not.toContain(secret)
  })

  test('bindings of another subaccount are neither listed, shown nor deleted', async () => {
    await using stack = await openTokenStack(createFakeClock())
    await stack.admin('/api/bindings', post({ name: 'b' }), acmeId)
    expect(await (await stack.admin('/api/bindings')).json()).toEqual([])
    expect((await stack.admin('/api/bindings/b')).status).toBe(404)
    expect((await stack.admin('/api/bindings/b', { method: 'DELETE' })).status).toBe(404)
    expect((await stack.admin('/api/bindings', post({ name: 'b' }))).status).toBe(201)
    expect((await stack.admin('/api/bindings/b', {}, acmeId)).status).toBe(200)
  })

  test.each([
    ['a name that is taken', { name: 'taken' }, 409, /exists already/],
    [
      'credential type x509, by name',
      { name: 'b', credentialType: 'x509' },
      422,
      /x509 is not built yet/,
    ],
    ['an unknown credential type', { name: 'b', credentialType: 'magic' }, 422, /binding-secret/],
    ['a name with a separator', { name: '../b' }, 422, /name: must be/],
    ['no name', {}, 422, /name/],
    ['an unknown field', { name: 'b', plan: 'lite' }, 422, /plan/],
  ])('refused: %s', async (_name, body, status, text) => {
    await using stack = await openTokenStack(createFakeClock())
    await stack.bind('taken')
    const response = await stack.admin('/api/bindings', post(body))
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toMatchObject({ status, detail: expect.stringMatching(text) })
    expect(await stack.service.listBindings(devSubaccountId)).toHaveLength(1)
  })

  test.each([
    ['no caller', {}, 401],
    ['the token of a binding', { authorization: `Test client ${devSubaccountId}` }, 403],
  ])('%s gets nothing', async (_name, headers, status) => {
    await using stack = await openTokenStack(createFakeClock())
    await stack.bind('b')
    for (const path of ['/api/bindings', '/api/bindings/b']) {
      const response = await stack.call(path, { headers })
      expect(response.status).toBe(status)
      expect(await response.text()).not.toContain('clientsecret')
    }
  })

  test.each([
    ['no JSON', '{"name":', json, 400],
    ['another media type', '{"name":"b"}', { 'content-type': 'text/plain' }, 400],
    ['too long', JSON.stringify({ name: 'a'.repeat(5000) }), json, 413],
  ])('a body is refused: %s', async (_name, body, headers, status) => {
    await using stack = await openTokenStack(createFakeClock())
    const response = await stack.admin('/api/bindings', { method: 'POST', headers, body })
    expect(response.status).toBe(status)
  })

  test('of parallel orders for one name exactly one is made', async () => {
    await using stack = await openTokenStack(createFakeClock())
    const orders = Array.from({ length: 8 }, () =>
      stack.admin('/api/bindings', post({ name: 'b' })),
    )
    const statuses = (await Promise.all(orders)).map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(1)
    expect(statuses.filter((status) => status === 409)).toHaveLength(7)
  })
})

test('a store that is away is 503, for tokens, keys and bindings', async () => {
  const clock = createFakeClock()
  await using stack = await openTokenStack(clock)
  const { clientid = '', clientsecret = '' } = await stack.bind('app')
  await stack.store.stop()
  clock.advance(tokenLimits.keyReloadMs)
  const form = {
    grant_type: 'client_credentials',
    client_id: clientid,
    client_secret: clientsecret,
  }
  for (const response of [
    await stack.token(form),
    await stack.call('/token_keys'),
    await stack.call('/token_keys'),
    await stack.admin('/api/bindings'),
    await stack.admin('/api/bindings', post({ name: 'b' })),
  ]) {
    expect(response.status).toBe(503)
  }
})

test('no secret is in a log line or in the database files', async () => {
  await using stack = await openTokenStack(createFakeClock())
  const { clientid = '', clientsecret = '' } = await stack.bind('app')
  const form = {
    grant_type: 'client_credentials',
    client_id: clientid,
    client_secret: clientsecret,
  }
  const issued = (await (await stack.token(form)).json()) as { access_token: string }
  await stack.token({ ...form, grant_type: 'password', password: 'hunter2-of-a-person' })
  await stack.token({ ...form, client_id: 'sb-none', client_secret: 'hunter2-of-a-guess' })
  const stored = await stack.stored()
  expect(stored.includes(clientid)).toBe(true)
  expect(stack.logged()).toContain('token.issued')
  for (const secret of [clientsecret, issued.access_token, 'hunter2']) {
    expect(stored.includes(secret)).toBe(false)
    expect(stack.logged()).not.toContain(secret)
  }
  expect(stored.includes('PRIVATE KEY')).toBe(false)
  // Object identifier of RSA keys, as it stands in every PKCS#8 file of one.
  expect(stored.includes(Buffer.from('06092a864886f70d010101', 'hex'))).toBe(false)
})
