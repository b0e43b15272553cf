import { encodeDer } from '../../../packages/pki/src/der.ts'
import { integer, sequence } from '../../../packages/pki/src/der-write.ts'
import * as ext from './extensions.ts'
import { authority, client } from './mint.ts'
import { casesOf, chain, deepChain, type PathCase } from './path-case.ts'
import { keyOf } from './test-key.ts'

const limited = (length: number) => ext.basicConstraints(true, length)

/** Who may issue, and how many authorities may be below. */
export const authorityCases: readonly PathCase[] = [
  ...casesOf('pki.md 3; RFC 5280 6.1', [
    ['a chain that keeps every rule', 'accepted', () => chain()],
    ['a client certificate issued by the root itself', 'accepted', () => deepChain(0)],
  ]),
  ...casesOf('RFC 5280 4.2.1.9, 6.1.4(k): CA flag', [
    [
      'intermediate with CA:FALSE',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { basic: ext.basicConstraints(false) }),
    ],
    [
      'intermediate without basicConstraints',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { basic: null }),
    ],
    [
      'intermediate with basicConstraints that are not critical',
      'accepted',
      () => chain({}, { basic: ext.basicConstraints(true, undefined, false) }),
    ],
    [
      'root with CA:FALSE',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, {}, { basic: ext.basicConstraints(false) }),
    ],
    ['root without basicConstraints', 'CHN_BAD_CONSTRAINTS', () => chain({}, {}, { basic: null })],
    ['intermediate of version 1', 'CHN_BAD_CONSTRAINTS', () => chain({}, { version: 1 })],
    ['root of version 1', 'CHN_BAD_CONSTRAINTS', () => chain({}, {}, { version: 1 })],
    [
      'leaf that is an authority',
      'accepted',
      () =>
        chain({
          basic: ext.basicConstraints(true),
          usage: ext.keyUsage('digitalSignature', 'keyCertSign'),
        }),
    ],
    ['leaf without basicConstraints', 'accepted', () => chain({ basic: null })],
    ['leaf of version 1', 'accepted', () => chain({ version: 1 })],
    [
      'leaf that issues another leaf',
      'CHN_BAD_CONSTRAINTS',
      () => {
        const { leaf, above, anchors } = chain()
        return { leaf: client({ name: 'second', by: leaf }), above: [leaf, ...above], anchors }
      },
    ],
    [
      'basicConstraints with a path length and without CA',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { basic: ext.basicConstraints(false, 0) }),
    ],
    [
      'leaf with a path length and without CA',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ basic: ext.basicConstraints(false, 0) }),
    ],
    [
      'basicConstraints with a negative path length',
      'CHN_UNKNOWN_AUTHORITY',
      () => chain({}, { basic: limited(-1) }),
    ],
    [
      'basicConstraints with CA written as 01',
      'CHN_UNKNOWN_AUTHORITY',
      () =>
        chain(
          {},
          { basic: ext.extension('2.5.29.19', sequence(encodeDer(0x01, Uint8Array.of(1))), true) },
        ),
    ],
    [
      'basicConstraints with something behind the path length',
      'CHN_UNKNOWN_AUTHORITY',
      () =>
        chain(
          {},
          {
            basic: ext.extension(
              '2.5.29.19',
              sequence(encodeDer(0x01, Uint8Array.of(0xff)), integer(0), integer(0)),
              true,
            ),
          },
        ),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.9, 6.1.4(l,m): path length', [
    [
      'path length 0 of the intermediate above a leaf',
      'accepted',
      () => chain({}, { basic: limited(0) }),
    ],
    [
      'path length 0 of the root above an intermediate',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, {}, { basic: limited(0) }),
    ],
    [
      'path length 1 of the root above one intermediate',
      'accepted',
      () => chain({}, {}, { basic: limited(1) }),
    ],
    [
      'path length 1 of the root above two intermediates',
      'CHN_BAD_CONSTRAINTS',
      () => deepChain(2, undefined, { basic: limited(1) }),
    ],
    [
      'path length 2 of the root above two intermediates',
      'accepted',
      () => deepChain(2, undefined, { basic: limited(2) }),
    ],
    [
      'path length 0 of an intermediate above another',
      'CHN_BAD_CONSTRAINTS',
      () => deepChain(2, () => ({ basic: limited(0) })),
    ],
    [
      'path length that grows downwards does not help',
      'CHN_BAD_CONSTRAINTS',
      () => deepChain(2, (index) => ({ basic: limited(index) }), { basic: limited(1) }),
    ],
    [
      'path length 0 above a leaf that is an authority',
      'accepted',
      () =>
        chain(
          {
            basic: ext.basicConstraints(true),
            usage: ext.keyUsage('digitalSignature', 'keyCertSign'),
          },
          { basic: limited(0) },
        ),
    ],
    ['a self-issued intermediate is not counted', 'accepted', () => selfIssuedBelow(1)],
    [
      'a self-issued intermediate, and one authority too many beside it',
      'CHN_BAD_CONSTRAINTS',
      () => selfIssuedBelow(0),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.3, 6.1.4(n): keyCertSign', [
    [
      'intermediate whose keyUsage is cRLSign only',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { usage: ext.keyUsage('cRLSign') }),
    ],
    [
      'intermediate whose keyUsage is digitalSignature only',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { usage: ext.keyUsage('digitalSignature') }),
    ],
    ['intermediate without keyUsage', 'accepted', () => chain({}, { usage: null })],
    [
      'intermediate with an empty keyUsage',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, { usage: ext.keyUsage() }),
    ],
    [
      'root whose keyUsage is cRLSign only',
      'CHN_BAD_CONSTRAINTS',
      () => chain({}, {}, { usage: ext.keyUsage('cRLSign') }),
    ],
    ['root without keyUsage', 'accepted', () => chain({}, {}, { usage: null })],
    [
      'leaf with keyCertSign and CA:FALSE',
      'CHN_BAD_CONSTRAINTS',
      () => chain({ usage: ext.keyUsage('digitalSignature', 'keyCertSign') }),
    ],
  ]),
  ...casesOf('pki.md 5: at most 10 certificates', [
    ['10 certificates in the chain', 'accepted', () => deepChain(8)],
    ['11 certificates in the chain', 'CHN_TOO_LONG', () => deepChain(9)],
  ]),
]

// The root changed its key: a certificate of the same name, signed by the old key.
function selfIssuedBelow(pathLength: number) {
  const root = authority({ basic: limited(pathLength) })
  const renewed = authority({ by: root, key: keyOf() })
  const issuing = authority({ name: 'Issuing', by: renewed })
  return { leaf: client({ by: issuing }), above: [issuing, renewed], anchors: [root] }
}
