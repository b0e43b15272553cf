import * as ext from './extensions.ts'
import { authority, client, days, type Party } from './mint.ts'
import { casesOf, chain, deepChain, type Material, type PathCase } from './path-case.ts'
import { keyOf } from './test-key.ts'

const unknown = 'CHN_UNKNOWN_AUTHORITY'

/** How a path is found: order, gaps, partial chains, cross-signing, loops (gateway.md 4.1(1,2)). */
export const pathCases: readonly PathCase[] = [
  ...casesOf('gateway.md 4.1(1): what the client sends', [
    ['intermediates in the wrong order', 'accepted', () => reversed(deepChain(3))],
    ['the root is sent too', 'accepted', () => withMore(chain(), ({ anchors }) => anchors)],
    [
      'an unrelated certificate is sent too',
      'accepted',
      () => withMore(chain(), () => [authority({ name: 'Unrelated' })]),
    ],
    [
      'an expired unrelated certificate is sent too',
      'accepted',
      () => withMore(chain(), () => [authority({ name: 'Unrelated', until: days(-1) })]),
    ],
    ['the leaf is sent twice', 'accepted', () => withMore(chain(), ({ leaf }) => [leaf])],
    ['the intermediate is not sent', unknown, () => ({ ...chain(), above: [] })],
    [
      'one of three intermediates is not sent',
      unknown,
      () => {
        const material = deepChain(3)
        return { ...material, above: material.above.toSpliced(1, 1) }
      },
    ],
    [
      'the intermediate is not sent but stands in the bundle',
      'accepted',
      () => {
        const { leaf, issuing, root } = chain()
        return { leaf, above: [], anchors: [root, issuing] }
      },
    ],
  ]),
  ...casesOf('gateway.md 4.1(2): anchors', [
    [
      'bundle with the intermediate alone',
      'accepted',
      () => {
        const { leaf, issuing } = chain()
        return { leaf, above: [], anchors: [issuing] }
      },
    ],
    [
      'bundle with the intermediate alone, which is sent too',
      'accepted',
      () => {
        const { leaf, issuing } = chain()
        return { leaf, above: [issuing], anchors: [issuing] }
      },
    ],
    [
      'bundle with the intermediate alone, which has ended',
      'VAL_ISSUER_EXPIRED',
      () => {
        const { leaf, issuing } = chain({}, { until: days(-1) })
        return { leaf, above: [], anchors: [issuing] }
      },
    ],
    [
      'bundle with the intermediate alone, which is no authority',
      'CHN_BAD_CONSTRAINTS',
      () => {
        const { leaf, issuing } = chain({}, { basic: ext.basicConstraints(false) })
        return { leaf, above: [], anchors: [issuing] }
      },
    ],
    [
      'a sibling of the intermediate in the bundle',
      unknown,
      () => {
        const { leaf, issuing, root } = chain()
        return { leaf, above: [issuing], anchors: [authority({ name: 'Sibling', by: root })] }
      },
    ],
    ['another root', unknown, () => ({ ...chain(), anchors: [authority({ name: 'Other Root' })] })],
    ['another root of the same name', unknown, () => ({ ...chain(), anchors: [authority()] })],
    [
      'another root of the same name beside the right one',
      'accepted',
      () => {
        const material = chain()
        return { ...material, anchors: [authority(), ...material.anchors] }
      },
    ],
    [
      'another root of the same name first, and no authorityKeyIdentifier',
      'TLS_BAD_SIGNATURE',
      () => namesakeFirst(),
    ],
    [
      'a self-signed leaf',
      'CHN_SELF_SIGNED',
      () => ({ leaf: client(), above: [], anchors: [authority()] }),
    ],
    [
      'a self-signed authority as leaf',
      'CHN_SELF_SIGNED',
      () => ({ leaf: authority({ name: 'Own' }), above: [], anchors: [authority()] }),
    ],
    [
      'the leaf itself in the bundle beside the root',
      'accepted',
      () => {
        const { leaf, root } = chain()
        return { leaf, above: [], anchors: [root, leaf] }
      },
    ],
    [
      'a leaf for serverAuth in the bundle',
      'EKU_NOT_CLIENT_AUTH',
      () => {
        const { leaf, root } = chain({ purposes: ext.extendedKeyUsage('serverAuth') })
        return { leaf, above: [], anchors: [root, leaf] }
      },
    ],
    [
      'a self-signed leaf in the bundle beside a root',
      'accepted',
      () => {
        const leaf = client()
        return { leaf, above: [], anchors: [authority(), leaf] }
      },
    ],
    [
      'the root presented as a leaf',
      'EKU_NOT_CLIENT_AUTH',
      () => {
        const { root } = chain()
        return { leaf: root, above: [], anchors: [root] }
      },
    ],
    ['the root renewed with the same key', 'accepted', () => renewedRoot()],
  ]),
  ...casesOf('pki.md 5: cross-signing and loops', [
    ['a cross-signed root sent beside the chain', 'accepted', () => crossSigned('both')],
    [
      'only the old root is known, the cross certificate is sent',
      'accepted',
      () => crossSigned('old'),
    ],
    [
      'only the old root is known, the cross certificate is not sent',
      unknown,
      () => ({ ...crossSigned('old'), above: crossSigned('old').above.slice(0, 1) }),
    ],
    [
      'an expired cross certificate, but the new root is known',
      'accepted',
      () => crossSigned('new', true),
    ],
    [
      'an expired cross certificate, and only the old root is known',
      'VAL_ISSUER_EXPIRED',
      () => crossSigned('old', true),
    ],
    [
      'two certificates of one intermediate, the first one has ended',
      'accepted',
      () => twins((by, key) => ({ by, key, until: days(-1) })),
    ],
    [
      'two certificates of one intermediate, the first one for serverAuth',
      'EKU_NOT_CLIENT_AUTH',
      () => twins((by, key) => ({ by, key, purposes: ext.extendedKeyUsage('serverAuth') })),
    ],
    ['two intermediates that issued each other', unknown, () => loop(2)],
    ['four authorities that issued each other in a ring', unknown, () => loop(4)],
    [
      'two intermediates that issued each other, and one the root issued',
      'accepted',
      () => loop(2, true),
    ],
    ['twelve authorities of one name that all issued each other', 'CHN_TOO_LONG', () => tangle(12)],
  ]),
]

function reversed(material: Material): Material {
  return { ...material, above: material.above.toReversed() }
}

function withMore<M extends Material>(
  material: M,
  more: (material: M) => readonly Party[],
): Material {
  return { ...material, above: [...more(material), ...material.above] }
}

function namesakeFirst(): Material {
  const { leaf, issuing, root } = chain({}, { authorityKeyId: null })
  return { leaf, above: [issuing], anchors: [authority(), root] }
}

function renewedRoot(): Material {
  const { leaf, issuing, root } = chain()
  return { leaf, above: [issuing], anchors: [authority({ key: root.key, from: days(-1) })] }
}

function crossSigned(known: 'old' | 'new' | 'both', expired = false): Material {
  const oldRoot = authority({ name: 'Old Root' })
  const newRoot = authority({ name: 'New Root' })
  const cross = authority({
    ...{ name: 'New Root', by: oldRoot, key: newRoot.key },
    ...(expired ? { until: days(-1) } : {}),
  })
  const issuing = authority({ name: 'Issuing', by: newRoot })
  const anchors = { old: [oldRoot], new: [newRoot], both: [oldRoot, newRoot] }[known]
  return { leaf: client({ by: issuing }), above: [issuing, cross], anchors }
}

function twins(
  change: (by: Party, key: Party['key']) => Parameters<typeof authority>[0],
): Material {
  const { leaf, issuing, root } = chain()
  const twin = authority({ name: 'Issuing', ...change(root, issuing.key) })
  return { leaf, above: [twin, issuing], anchors: [root] }
}

function loop(count: number, withRoot = false): Material {
  const root = authority()
  const keys = Array.from({ length: count }, () => keyOf())
  const own = keys.map((key, index) => authority({ name: `Ring ${index}`, key }))
  const ring = own.map((party, index) =>
    authority({ name: `Ring ${index}`, key: party.key, by: own[(index + 1) % count] ?? root }),
  )
  const exit = authority({ name: 'Ring 1', key: keys[1] ?? keyOf(), by: root })
  const leaf = client({ by: own[0] ?? root })
  return { leaf, above: withRoot ? [exit, ...ring] : ring, anchors: [root] }
}

function tangle(count: number): Material {
  const own = Array.from({ length: count }, () => authority({ name: 'Tangle', keyId: null }))
  const above = own.flatMap((party, index) => {
    const by = own[(index + 1) % count]
    return by ? [authority({ name: 'Tangle', key: party.key, by, keyId: null })] : []
  })
  const leaf = client({ by: own[0] ?? authority() })
  return { leaf, above, anchors: [authority()] }
}
