import { createTestAuthority, type TestAuthority } from '@twinlatch/testing'
import { beforeAll, expect, test } from 'vitest'
import { parseCertificate } from './certificate.ts'
import { verifyChain } from './chain.ts'
import { type DerNode, encodeDer, readDer } from './der.ts'
import { bitString, integer, oid, sequence } from './der-write.ts'
import { readKeystore } from './keystore.ts'
import { encodePem } from './pem.ts'

let authority: TestAuthority
beforeAll(async () => {
  authority = await createTestAuthority({ name: 'Costly' })
})

const rsaKey = sequence(oid('1.2.840.113549.1.1.1'), encodeDer(0x05))
const rsaSignature = sequence(oid('1.2.840.113549.1.1.11'), encodeDer(0x05))

function changed(
  encoding: Uint8Array,
  [at, ...below]: readonly number[],
  part: Uint8Array,
): Uint8Array {
  const { tag, children } = readDer(encoding)
  const replace = ({ raw }: DerNode) => (below.length === 0 ? part : changed(raw, below, part))
  return encodeDer(tag, ...children.map((node, index) => (index === at ? replace(node) : node.raw)))
}

/** Authorities of one name, each with a key whose exponent is as long as its modulus. */
function costlyAuthorities(bits: number, exponentBits: number): Uint8Array[] {
  const [issuer] = authority.intermediates
  const exponent = (1n << BigInt(exponentBits)) - 1n
  return Array.from({ length: 100 }, (_, index) => {
    const modulus = (1n << BigInt(bits)) - BigInt(2 * index + 1)
    const key = sequence(rsaKey, bitString(sequence(integer(modulus), integer(exponent))))
    return changed(issuer?.raw ?? new Uint8Array(), [0, 6], key)
  })
}

test.each([
  [3_072, 3_070],
  [16_384, 64],
])(
  'keys of %i bits with exponents of %i cannot buy seconds of the processor',
  async (bits, exponent) => {
    const leaf = await authority.issue({ subject: 'CN=a' })
    const retyped = changed(changed(leaf.certificate.raw, [0, 2], rsaSignature), [1], rsaSignature)
    const forged = changed(retyped, [2], bitString(Buffer.alloc(bits / 8, 0x7f)))
    const costly = costlyAuthorities(bits, exponent)
    const text = [forged, ...costly].map((der) => encodePem('CERTIFICATE', der)).join('')
    const intermediates = costly.map(parseCertificate)
    const begin = process.threadCpuUsage()
    await readKeystore(Buffer.from(leaf.privateKeyPem + text)).catch(() => undefined)
    verifyChain({
      ...{ leaf: parseCertificate(forged), intermediates, anchors: [authority.root] },
      ...{ time: new Date(), purpose: 'client' },
    })
    expect(process.threadCpuUsage(begin).user / 1000).toBeLessThan(300)
  },
)
