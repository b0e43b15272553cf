import { createTestAuthority } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { isServerNamed } from './server-name.ts'

const authority = await createTestAuthority({ name: 'Servers' })
const { certificate } = await authority.issue({
  subject: 'CN=common.test',
  purpose: 'server',
  subjectAltNames: [
    { type: 'dns', value: 'Host.Test' },
    { type: 'dns', value: '*.wild.test' },
    { type: 'dns', value: '*.lonely' },
    { type: 'dns', value: 'xn--mller-kva.test' },
    { type: 'ip', value: '192.0.2.1' },
    { type: 'ip', value: '2001:db8::1' },
  ],
})

test.each([
  ['host.test', true],
  ['HOST.test.', true],
  ['sub.host.test', false],
  ['a.wild.test', true],
  ['müller.test', true],
  ['fe80::1%eth0', false],
  ['wild.test', false],
  ['a.b.wild.test', false],
  ['*.wild.test', true],
  ['a.lonely', false],
  ['common.test', false],
  ['192.0.2.1', true],
  ['192.0.2.2', false],
  ['2001:DB8:0:0::1', true],
  ['[2001:db8::1]', true],
  ['2001:db8::2', false],
])('a certificate is one for %s: %s (RFC 9525)', (host, expected) => {
  expect(isServerNamed(certificate, host)).toBe(expected)
})
