import { type WireLimits, wireLimits } from '@twinlatch/wire'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createEdgeMaterial, type Edge, type EdgeMaterial, openEdge } from './edge.ts'
import { clientLimits } from './limits/client-limits.ts'
import type { EdgeWith, Proof } from './limits/proof.ts'
import { upstreamLimits } from './limits/upstream-limits.ts'

vi.setConfig({ testTimeout: 10_000 })

let material: EdgeMaterial
const open: Edge[] = []
beforeAll(async () => {
  material = await createEdgeMaterial()
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((edge) => edge.stop()))
})

const edgeWith: EdgeWith = async (limits, more = {}) => {
  const edge = await openEdge(material, { limits, ...more })
  open.push(edge)
  return edge
}

/** Known to a domain only, which takes no other values: proven beside the code. */
const ofDomains = ['rememberedChainsMax', 'rememberedChainBytesMax', 'sessionSeconds'] as const

const proofs: Record<Exclude<keyof WireLimits, (typeof ofDomains)[number]>, Proof> = {
  ...clientLimits,
  ...upstreamLimits,
}

test('every named limit has a proof', () => {
  expect([...Object.keys(proofs), ...ofDomains].sort()).toEqual(Object.keys(wireLimits).sort())
})

describe('holds where it is put', () => {
  test.each(Object.entries(proofs))('%s', (_name, proof) => proof(edgeWith))
})
