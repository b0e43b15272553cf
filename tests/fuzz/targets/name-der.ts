import {
  compareNames,
  equalNames,
  formatName,
  type Name,
  PkiError,
  parseDistinguishedName,
  parseNameDer,
} from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { expectThat, type FuzzTarget } from '../target.ts'

/** Names in DER: the text we print is read back as a name that matches the same rules. */
export const nameDer: FuzzTarget = {
  name: 'name-der',
  kind: 'der',
  async corpus() {
    const { certificates } = await certificateCorpus()
    return certificates.flatMap(({ subject, issuer }) => [subject.raw, issuer.raw])
  },
  run(input) {
    const name = parseNameDer(input)
    const text = formatName(name)
    expectThat(/^[ -~]*$/.test(text), 'RFC 2253 text is printable ASCII')
    expectThat(text.length <= input.length * 8 + 64, 'text is not much longer than its name')
    expectThat(compareNames(name, parseNameDer(name.raw)).equal, 'a name equals itself')
    const typed = readBack(text)
    if (typed !== null) expectThat(equalNames(name, typed), `${text} is read back as it is`)
    return true
  },
  refuses: (error) => error instanceof PkiError,
}

/** Longer text than we read is refused, and that is all that may be refused of our own. */
function readBack(text: string): Name | null {
  if (text.length > 16_384) return null
  return parseDistinguishedName(text).name
}
