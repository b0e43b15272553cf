import {
  equalNames,
  formatName,
  type NameSpelling,
  PkiError,
  parseDistinguishedName,
} from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const spellings: readonly NameSpelling[] = ['rfc2253', 'openssl', 'slash', 'node', 'java']

/** Typed names in all five spellings. */
export const nameText: FuzzTarget = {
  name: 'name-text',
  kind: 'text',
  words: [
    'CN=',
    ', ',
    ' = ',
    ' + ',
    '+OU=',
    '/CN=',
    '#0C0141',
    '\\C3\\BC',
    'OID.2.5.4.3=',
    'subject=',
  ],
  async corpus() {
    const { certificates } = await certificateCorpus()
    const texts = certificates.flatMap(({ subject }) =>
      spellings.map((one) => formatName(subject, one)),
    )
    return bytesOf(...texts, 'subject=C = DE, O = "A, B", CN = x', '1.2.3.4=#04020102,CN=\\#a\\ ')
  },
  run(input) {
    const text = textOf(input)
    const { name, warnings } = parseDistinguishedName(text)
    expectThat(warnings.length <= 64, 'at most a warning for each part')
    parseDistinguishedName(text, { order: 'der' })
    const printed = formatName(name)
    if (printed.length <= 16_384) {
      expectThat(equalNames(parseDistinguishedName(printed).name, name), `${printed} is read back`)
    }
    return true
  },
  refuses: (error) => error instanceof PkiError,
}
