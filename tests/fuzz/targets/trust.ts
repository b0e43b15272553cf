import {
  identifyPeer,
  parseCertificateHash,
  parseSpkiPin,
  parseXfcc,
  readBearer,
  TrustError,
  writeXfccElement,
} from '@twinlatch/trust'
import { certificateCorpus } from '../corpus/certificates.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

/** `x-forwarded-client-cert`: names that were read are written so that they are read again. */
export const xfcc: FuzzTarget = {
  name: 'xfcc',
  kind: 'text',
  words: [
    'By=',
    'Hash=',
    'Subject="',
    'URI=',
    'DNS=',
    'Cert="',
    '\\"',
    '\\\\',
    '",By=',
    ';;',
    ',,',
  ],
  async corpus() {
    const { leaves } = await certificateCorpus()
    const details = new Set(['Cert', 'Chain', 'Subject', 'URI', 'DNS'] as const)
    const elements = leaves.map(({ chain }) =>
      writeXfccElement({
        ...{ by: ['spiffe://a/b', 'spiffe://c,d;"e"'], details },
        identity: identifyPeer(chain.map(({ raw }) => raw)),
      }),
    )
    return bytesOf(...elements, elements.join(','), 'By=a;Hash=b;Subject="";URI=,Hash=c')
  },
  run(input) {
    const text = Buffer.from(input).toString('latin1')
    for (const { by, uri, dns, subject, hash } of parseXfcc(text)) {
      const identity = { uriSans: uri, dnsSans: dns, subject: subject ?? '', sha256: hash ?? '' }
      const plain = /^[^",;\\]*$/.test(identity.sha256)
      if (!plain || uri.length === 0) continue
      const written = writeXfccElement({
        by,
        details: new Set(['Subject', 'URI', 'DNS']),
        identity: identity as unknown as Parameters<typeof writeXfccElement>[0]['identity'],
      })
      const [again, ...more] = parseXfcc(written)
      const same = JSON.stringify([again?.by, again?.uri, again?.dns, again?.subject])
      expectThat(more.length === 0, 'one hop is one element')
      expectThat(same === JSON.stringify([by, uri, dns, identity.subject]), 'names survive')
    }
    return true
  },
  refuses: (error) => error instanceof TrustError,
}

/** Bearer tokens and pins: short grammars. */
export const credentials: FuzzTarget = {
  name: 'credentials',
  kind: 'text',
  words: ['Bearer ', 'bearer', '==', ':', 'aa:bb'],
  corpus: async () =>
    bytesOf(
      'Bearer abc.def-_~+/==',
      'aa'.repeat(32),
      `${'aB:'.repeat(31)}00`,
      `${'A'.repeat(43)}=`,
    ),
  run(input) {
    const text = textOf(input)
    const value = text.replaceAll(/[^\t\x20-\x7e]/g, '')
    const token = readBearer(new Headers({ authorization: value }))
    expectThat(token === null || value.includes(token), 'a token stands in its header')
    for (const parse of [parseCertificateHash, parseSpkiPin]) {
      try {
        expectThat(parse(parse(text)) === parse(text), 'a pin is its own normal form')
        return true
      } catch (error) {
        if (!(error instanceof TrustError)) throw error
      }
    }
    return token !== null
  },
  refuses: (error) => error instanceof TrustError,
}
