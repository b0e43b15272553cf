import { PkiError } from '@twinlatch/pki'
import { type DerNode, encodeDer, readDer } from '../../../packages/pki/src/der.ts'
import { certificateCorpus } from '../corpus/certificates.ts'
import { keystoreCorpus } from '../corpus/keystores.ts'
import { expectThat, type FuzzTarget } from '../target.ts'

/** The reader of DER and BER. What strict reading accepts has one encoding: its own. */
export const der: FuzzTarget = {
  name: 'der',
  kind: 'der',
  async corpus() {
    const { certificates } = await certificateCorpus()
    const { pkcs12, others } = await keystoreCorpus()
    return [...certificates.map(({ raw }) => raw), ...pkcs12, ...others]
  },
  run(input) {
    const strict = readOrNull(input, false)
    const lenient = readOrNull(input, true)
    if (strict === null) return false
    expectThat(lenient !== null, 'BER accepts whatever DER accepts')
    if (!hasLongTag(strict)) {
      expectThat(Buffer.compare(encode(strict), input) === 0, 'DER has one encoding')
    }
    return true
  },
  refuses: (error) => error instanceof PkiError,
}

function readOrNull(input: Uint8Array, ber: boolean): DerNode | null {
  try {
    return readDer(input, { ber })
  } catch (error) {
    if (error instanceof PkiError) return null
    throw error
  }
}

function encode(node: DerNode): Uint8Array {
  const constructed = (node.tag & 0x20) !== 0
  return encodeDer(node.tag, ...(constructed ? node.children.map(encode) : [node.content]))
}

function hasLongTag({ tag, children }: DerNode): boolean {
  return (tag & 0x1f) === 0x1f || children.some(hasLongTag)
}
