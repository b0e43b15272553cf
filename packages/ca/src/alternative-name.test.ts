import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AlternativeName, alternativeNameFault } from './alternative-name.ts'

type Case = [AlternativeName['type'], string]

describe('allowed', () => {
  test.each<Case>([
    ['dns', 'localhost'],
    ['dns', 'httpbin-x509.mtls.localhost'],
    ['dns', '*.mtls.localhost'],
    ['dns', 'xn--mnchen-3ya.example'],
    ['dns', `${'a'.repeat(63)}.example`],
    ['ip', '127.0.0.1'],
    ['ip', '::1'],
    ['uri', 'spiffe://cluster.local/ns/quovadis/sa/httpbin'],
    ['uri', 'urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6'],
    ['email', 'jane.doe@example.com'],
  ])('%s %s', (type, value) => {
    expect(alternativeNameFault({ type, value })).toBeNull()
  })
})

describe('refused', () => {
  test.each<Case>([
    ['dns', ''],
    ['dns', 'Localhost'],
    ['dns', 'a..b'],
    ['dns', '-a.example'],
    ['dns', 'a.example.'],
    ['dns', 'a_b.example'],
    ['dns', 'münchen.example'],
    ['dns', `${'a'.repeat(64)}.example`],
    ['dns', Array(64).fill('aaa').join('.')],
    ['dns', '*'],
    ['dns', '*.localhost'],
    ['dns', 'a.*.example'],
    ['dns', 'a*.mtls.example'],
    ['dns', '**.mtls.example'],
    ['dns', '127.0.0.1'],
    ['dns', 'a\0.example'],
    ['dns', 'a,dns:b'],
    ['ip', 'localhost'],
    ['ip', '127.0.0.1/8'],
    ['uri', 'no-scheme'],
    ['uri', 'https://a b'],
    ['uri', 'https://é'],
    ['uri', `https:${'a'.repeat(2048)}`],
    ['email', 'nobody'],
    ['email', 'a b@c'],
    ['email', 'a@@c'],
  ])('%s %j', (type, value) => {
    expect(alternativeNameFault({ type, value })).not.toBeNull()
  })
})

test('no text hangs or throws, and what is allowed is visible ASCII', () => {
  const type = fc.constantFrom<AlternativeName['type']>('dns', 'uri', 'email', 'ip')
  fc.assert(
    fc.property(type, fc.string({ unit: 'binary', maxLength: 300 }), (kind, value) => {
      const fault = alternativeNameFault({ type: kind, value })
      if (fault === null) expect(value).toMatch(/^[\x21-\x7e]+$/)
    }),
  )
})
