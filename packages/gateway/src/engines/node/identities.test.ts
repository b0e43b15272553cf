import { expect, test } from 'vitest'
import { workedPeer } from '../../testdata/request-view.ts'
import { Identities } from './identities.ts'

const chain = workedPeer().chain

test('a peer that comes back with the same bytes is the same object', () => {
  const identities = new Identities()
  expect(identities.identify(chain)).toBe(identities.identify([...chain]))
})

test('a chain of more than 16 KiB is not held, whoever sends it', () => {
  const identities = new Identities()
  const padded = [...chain, new Uint8Array(16_384)]
  const first = identities.identify(padded)
  expect(first.identity).toMatchObject({ subject: workedPeer().subject })
  expect(identities.identify(padded)).not.toBe(first)
})
