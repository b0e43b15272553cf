import { expect, test } from 'vitest'
import { parseUpstreamAddress } from './upstream-address.ts'

test.each([
  ['http://localhost:8080', { protocol: 'http', host: 'localhost', port: 8080 }],
  ['https://a.example', { protocol: 'https', host: 'a.example', port: 443 }],
  ['http://[::1]:81/', { protocol: 'http', host: '::1', port: 81 }],
  ['http://10.1.2.3', { protocol: 'http', host: '10.1.2.3', port: 80 }],
])('%s is an upstream', (text, address) => {
  expect(parseUpstreamAddress(text)).toEqual(address)
})

test.each([
  'http://169.254.169.254/',
  'http://0xA9FEA9FE/',
  'http://2852039166/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://[fd00:ec2::254]/',
  'http://metadata.google.internal/',
  'http://metadata.google.internal./',
  'http://0.0.0.0:80',
  'http://[::]:80',
  'http://224.0.0.1',
  'http://100.100.100.200',
  'http://user:pass@a.example/',
  'http://a.example/path',
  'http://a.example/?q',
  'ftp://a.example/',
  'a.example:80',
  '',
])('%s is refused', (text) => {
  expect(() => parseUpstreamAddress(text)).toThrow(
    expect.objectContaining({ code: 'gateway/upstream-address' }),
  )
})
