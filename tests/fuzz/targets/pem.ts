import { decodePem, encodePem, PkiError, parseCertificates } from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { keystoreCorpus } from '../corpus/keystores.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

/** PEM text: what was read, written and read again, is the same. */
export const pem: FuzzTarget = {
  name: 'pem',
  kind: 'text',
  words: [
    '-----BEGIN ',
    '-----END ',
    'CERTIFICATE',
    'PRIVATE KEY',
    '-----',
    'Proc-Type: 4,ENCRYPTED',
  ],
  async corpus() {
    const { certificates } = await certificateCorpus()
    const texts = certificates.map(({ raw }) => encodePem('CERTIFICATE', raw))
    return [...(await keystoreCorpus()).pem, ...bytesOf(...texts, texts.join('# and\n'))]
  },
  run(input) {
    const blocks = decodePem(textOf(input))
    const again = decodePem(blocks.map(({ label, der }) => encodePem(label, der)).join(''))
    expectThat(JSON.stringify(blocks) === JSON.stringify(again), 'PEM survives a round trip')
    const certificates = parseCertificates(input)
    expectThat(certificates.length > 0, 'a text without certificates is refused')
    return true
  },
  refuses: (error) => error instanceof PkiError,
}
