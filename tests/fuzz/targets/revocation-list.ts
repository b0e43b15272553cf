import { PkiError, parseRevocationList } from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { expectThat, type FuzzTarget } from '../target.ts'

/** Revocation lists, with the check of their signature. */
export const revocationList: FuzzTarget = {
  name: 'revocation-list',
  kind: 'der',
  corpus: async () => (await certificateCorpus()).revocationLists,
  async run(input) {
    const list = parseRevocationList(input)
    expectThat(Buffer.compare(list.raw, input) === 0, 'the bytes as they came')
    const { authority } = await certificateCorpus()
    list.isSignedBy(authority.root)
    return true
  },
  refuses: (error) => error instanceof PkiError,
}
