import { encodeDer } from '../../../packages/pki/src/der.ts'
import { integer, sequence } from '../../../packages/pki/src/der-write.ts'
import * as ext from './extensions.ts'
import { authority, client, days, now, type Order, seconds } from './mint.ts'
import { type ListOrder, listOf, reason } from './mint-crl.ts'
import { casesOf, chain, deepChain, type Material, type PathCase } from './path-case.ts'
import { keyOf } from './test-key.ts'

const moment = 'true for one second only'
type Parts = ReturnType<typeof chain>

/** A good chain with the lists that `make` gives. */
const listed = (make: (parts: Parts) => readonly Uint8Array[], issuing: Order = {}): Material => {
  const parts = chain({}, issuing)
  return { leaf: parts.leaf, above: parts.above, anchors: parts.anchors, crls: make(parts) }
}
/** A good list of the root, and one of the intermediate with changes. */
const withList = (order: ListOrder | ((parts: Parts) => ListOrder), issuing: Order = {}) =>
  listed(
    (parts) => [
      listOf(parts.root),
      listOf(parts.issuing, typeof order === 'function' ? order(parts) : order),
    ],
    issuing,
  )
const critical = ext.extension('1.3.6.1.4.1.99999.8', sequence(), true)
const onlyUsers = ext.extension('2.5.29.28', sequence(encodeDer(0x81, Uint8Array.of(0xff))), true)
const onlyAuthorities = ext.extension(
  '2.5.29.28',
  sequence(encodeDer(0x82, Uint8Array.of(0xff))),
  true,
)
const delta = ext.extension('2.5.29.27', integer(1), true)

/** Revocation: one list configured means a valid one of every issuer (gateway.md section 4.1(4)). */
export const revocationCases: readonly PathCase[] = [
  ...casesOf('gateway.md 4.1(4): a list of every issuer', [
    ['lists of root and intermediate', 'accepted', () => withList({})],
    [
      'only the list of the intermediate',
      'REV_LIST_MISSING',
      () => listed(({ issuing }) => [listOf(issuing)]),
    ],
    ['only the list of the root', 'REV_LIST_MISSING', () => listed(({ root }) => [listOf(root)])],
    [
      'only the list of a stranger',
      'REV_LIST_MISSING',
      () => listed(() => [listOf(authority({ name: 'Stranger' }))]),
    ],
    [
      'lists of all and of a stranger',
      'accepted',
      () =>
        listed(({ root, issuing }) => [
          listOf(authority({ name: 'Stranger' })),
          listOf(root),
          listOf(issuing),
        ]),
    ],
    [
      'lists, and the intermediate alone as anchor',
      'REV_LIST_MISSING',
      () => {
        const { leaf, root, issuing } = chain()
        return { leaf, above: [], anchors: [issuing], crls: [listOf(root), listOf(issuing)] }
      },
    ],
    [
      'lists, three intermediates, one list missing',
      'REV_LIST_MISSING',
      () => {
        const deep = deepChain(3)
        return {
          ...deep,
          crls: [...deep.above.slice(1), ...deep.anchors].map((party) => listOf(party)),
        }
      },
    ],
    [
      'lists, three intermediates, all there',
      'accepted',
      () => {
        const deep = deepChain(3)
        return { ...deep, crls: [...deep.above, ...deep.anchors].map((party) => listOf(party)) }
      },
    ],
  ]),
  ...casesOf('RFC 5280 6.3.3: revoked certificates', [
    ['revoked leaf', 'REV_REVOKED', () => withList(({ leaf }) => ({ revoked: [leaf] }))],
    [
      'revoked intermediate',
      'REV_REVOKED',
      () => listed(({ root, issuing }) => [listOf(root, { revoked: [issuing] }), listOf(issuing)]),
    ],
    [
      'root on its own list',
      'REV_REVOKED',
      () => listed(({ root, issuing }) => [listOf(root, { revoked: [root] }), listOf(issuing)]),
    ],
    [
      'another certificate of the same issuer was revoked',
      'accepted',
      () => withList(({ issuing }) => ({ revoked: [client({ by: issuing })] })),
    ],
    [
      'serial number of the leaf on the list of another issuer',
      'accepted',
      () =>
        listed(({ root, issuing, leaf }) => [listOf(root, { revoked: [leaf] }), listOf(issuing)]),
    ],
    [
      'leaf on hold',
      'REV_REVOKED',
      () => withList(({ leaf }) => ({ revoked: [leaf], entryExtensions: [reason(6)] })),
    ],
    [
      'leaf removed from a complete list',
      'REV_REVOKED',
      () => withList(({ leaf }) => ({ revoked: [leaf], entryExtensions: [reason(8)] })),
    ],
    [
      'leaf revoked by a list of version 1',
      'REV_REVOKED',
      () => withList(({ leaf }) => ({ revoked: [leaf], version: 1 })),
    ],
    [
      'leaf revoked by the newer of two lists',
      'REV_REVOKED',
      () =>
        listed(({ root, issuing, leaf }) => [
          listOf(root),
          listOf(issuing),
          listOf(issuing, { from: days(-0.5), revoked: [leaf] }),
        ]),
    ],
    [
      'leaf no longer on the newer of two lists',
      'accepted',
      () =>
        listed(({ root, issuing, leaf }) => [
          listOf(root),
          listOf(issuing, { revoked: [leaf], entryExtensions: [reason(6)] }),
          listOf(issuing, { from: days(-0.5) }),
        ]),
    ],
  ]),
  ...casesOf('RFC 5280 5.1.2.4, 5.1.2.5: dates of a list', [
    ['list in its first second', 'accepted', () => withList({ from: now })],
    ['list of tomorrow', 'REV_LIST_STALE', () => withList({ from: days(1), until: days(2) })],
    [
      'list in the second before its last',
      'accepted',
      () => withList({ until: seconds(1) }),
      moment,
    ],
    ['list in its last second', 'REV_LIST_STALE', () => withList({ until: now }), moment],
    ['list a second after its last', 'REV_LIST_STALE', () => withList({ until: seconds(-1) })],
    [
      'list of the root that has ended',
      'REV_LIST_STALE',
      () => listed(({ root, issuing }) => [listOf(root, { until: seconds(-1) }), listOf(issuing)]),
    ],
    ['list without nextUpdate', 'REV_LIST_STALE', () => withList({ until: null })],
    [
      'list that has ended beside a current one',
      'accepted',
      () =>
        listed(({ root, issuing }) => [
          listOf(root),
          listOf(issuing, { from: days(-9), until: days(-8) }),
          listOf(issuing),
        ]),
    ],
  ]),
  ...casesOf('RFC 5280 6.3.3(f,g): who signed a list', [
    ['forged list', 'REV_LIST_MISSING', () => withList({ signedBy: keyOf() })],
    [
      'list with the signature of other bytes',
      'REV_LIST_MISSING',
      () => withList({ signing: 'bad' }),
    ],
    [
      'forged newer list beside a good one',
      'REV_LIST_MISSING',
      () =>
        listed(({ root, issuing }) => [
          listOf(root),
          listOf(issuing),
          listOf(issuing, { from: days(-0.5), signedBy: keyOf() }),
        ]),
    ],
    [
      'list of an authority of the same name',
      'REV_LIST_MISSING',
      () => listed(({ root }) => [listOf(root), listOf(authority({ name: 'Issuing', by: root }))]),
    ],
    [
      'list of an authority of the same name that names no key',
      'REV_LIST_MISSING',
      () =>
        listed(({ root }) => [
          listOf(root),
          listOf(authority({ name: 'Issuing', by: root }), { keyId: null }),
        ]),
    ],
    ['list that names no key', 'accepted', () => withList({ keyId: null })],
    [
      'intermediate without cRLSign',
      'REV_LIST_MISSING',
      () => withList({}, { usage: ext.keyUsage('keyCertSign') }),
    ],
    [
      'intermediate without keyUsage, with lists',
      'accepted',
      () => withList({}, { usage: null, name: 'Issuing' }),
    ],
    [
      'list signed with SHA-1',
      'REV_LIST_MISSING',
      () => withList({ signing: 'sha1' }, { key: 'rsa2048' }),
    ],
    ['list signed by a key of RSA', 'accepted', () => withList({}, { key: 'rsa2048' })],
    [
      'list signed with RSA-PSS',
      'accepted',
      () => withList({ signing: 'pss' }, { key: 'rsa2048' }),
    ],
    ['list signed by a key of Ed25519', 'accepted', () => withList({}, { key: 'ed25519' })],
  ]),
  ...casesOf('RFC 5280 5.2, 5.3: extensions of a list', [
    [
      'list with an unknown critical extension',
      'REV_LIST_MISSING',
      () => withList({ more: [critical] }),
    ],
    [
      'list with a critical extension in an entry',
      'REV_LIST_MISSING',
      () =>
        withList(({ issuing }) => ({
          revoked: [client({ by: issuing })],
          entryExtensions: [critical],
        })),
    ],
    ['list of user certificates only', 'REV_LIST_MISSING', () => withList({ more: [onlyUsers] })],
    ['list of authorities only', 'REV_LIST_MISSING', () => withList({ more: [onlyAuthorities] })],
    ['list of changes only', 'REV_LIST_MISSING', () => withList({ more: [delta] })],
  ]),
]
