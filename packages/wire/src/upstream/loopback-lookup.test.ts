import type { LookupAddress, LookupOptions } from 'node:dns'
import { describe, expect, test } from 'vitest'
import { isLoopbackName, loopbackLookup } from './loopback-lookup.ts'

const lookup = (name: string, options: LookupOptions) =>
  new Promise<string | LookupAddress[]>((resolve, reject) => {
    loopbackLookup(name, options, (error, address) => (error ? reject(error) : resolve(address)))
  })

describe('loopback names', () => {
  test.each(['localhost', 'httpbin.mtls.localhost', 'X.LOCALHOST', 'x.localhost.'])(
    '%s is one',
    (name) => {
      expect(isLoopbackName(name)).toBe(true)
    },
  )

  test.each(['localhost.example', 'xlocalhost', 'local', ''])('"%s" is none', (name) => {
    expect(isLoopbackName(name)).toBe(false)
  })

  test('are both loopback addresses, IPv4 first', async () => {
    expect(await lookup('x.localhost', { all: true })).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ])
    expect(await lookup('x.localhost', {})).toBe('127.0.0.1')
  })

  test.each<[LookupOptions['family'], string]>([
    [4, '127.0.0.1'],
    [6, '::1'],
    ['IPv6', '::1'],
    [0, '127.0.0.1'],
  ])('of family %s are %s', async (family, address) => {
    expect(await lookup('x.localhost', family === undefined ? {} : { family })).toBe(address)
  })

  test('anything else is asked of the system', async () => {
    expect(await lookup('127.0.0.1', {})).toBe('127.0.0.1')
  })
})
