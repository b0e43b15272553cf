import { encodeDer } from '../../../packages/pki/src/der.ts'
import { integer, sequence } from '../../../packages/pki/src/der-write.ts'
import { buildName } from '../../../packages/pki/src/name-build.ts'
import * as ext from './extensions.ts'
import { authority, client, nameOf, type Order } from './mint.ts'
import { casesOf, chain, type PathCase, type Row } from './path-case.ts'
import { keyOf } from './test-key.ts'

const { dns, email, uri, ip, directory, other, registeredId } = ext.general
const below = (...rdns: [string, string][]) =>
  directory(buildName(rdns.map(([type, value]) => ({ type, value }))).raw)
const principalName = '1.3.6.1.4.1.311.20.2.3'

type Lists = Parameters<typeof ext.nameConstraints>[0]

/** A leaf with these alternative names below an intermediate with these constraints. */
const named = (lists: Lists, names: Uint8Array[], leaf: Order = {}) =>
  chain(
    {
      ...(names.length === 0 ? { name: 'Client One' } : { more: [ext.subjectAltName(...names)] }),
      ...leaf,
    },
    { more: [ext.nameConstraints(lists)] },
  )

const broken = 'CHN_BAD_CONSTRAINTS'
const permits = (
  title: string,
  base: Uint8Array,
  good: readonly [string, Uint8Array][],
  bad: readonly [string, Uint8Array][],
): Row[] => [
  ...good.map(
    ([name, value]): Row => [
      `permitted ${title}: ${name}`,
      'accepted',
      () => named({ permitted: [base] }, [value]),
    ],
  ),
  ...bad.map(
    ([name, value]): Row => [
      `permitted ${title}: ${name}, which is outside`,
      broken,
      () => named({ permitted: [base] }, [value]),
    ],
  ),
]
const excludes = (
  title: string,
  base: Uint8Array,
  good: readonly [string, Uint8Array][],
  bad: readonly [string, Uint8Array][],
): Row[] => [
  ...good.map(
    ([name, value]): Row => [
      `excluded ${title}: ${name}, which is outside`,
      'accepted',
      () => named({ excluded: [base] }, [value]),
    ],
  ),
  ...bad.map(
    ([name, value]): Row => [
      `excluded ${title}: ${name}`,
      broken,
      () => named({ excluded: [base] }, [value]),
    ],
  ),
]

/** Name constraints of every type, permitted and excluded (RFC 5280 section 4.2.1.10). */
export const nameCases: readonly PathCase[] = [
  ...casesOf('RFC 5280 4.2.1.10: DNS names', [
    ...permits(
      'DNS example.org',
      dns('example.org'),
      [
        ['example.org', dns('example.org')],
        ['a.b.EXAMPLE.org', dns('a.b.EXAMPLE.org')],
        ['*.example.org', dns('*.example.org')],
      ],
      [
        ['example.com', dns('example.com')],
        ['notexample.org', dns('notexample.org')],
      ],
    ),
    ...excludes(
      'DNS example.org',
      dns('example.org'),
      [['example.com', dns('example.com')]],
      [['www.example.org', dns('www.example.org')]],
    ),
    ...excludes(
      'DNS a.example.org',
      dns('a.example.org'),
      [['b.example.org', dns('b.example.org')]],
      [['*.example.org', dns('*.example.org')]],
    ),
    [
      'permitted DNS, leaf without any DNS name',
      'accepted',
      () =>
        named({ permitted: [dns('example.org')] }, [uri('https://elsewhere.test/')], {
          name: 'Client Example',
        }),
    ],
    [
      'permitted DNS, common name of the leaf is a host outside',
      broken,
      () => named({ permitted: [dns('example.org')] }, [], { name: 'host.example.com' }),
    ],
    [
      'constraints of another type, common name of the leaf is one label, no alternative name',
      broken,
      () => named({ excluded: [uri('host.test')] }, [], { name: 'client' }),
    ],
    [
      'permitted DNS, common name a host inside, with an alternative name',
      'accepted',
      () =>
        named({ permitted: [dns('example.org')] }, [dns('host.example.org')], {
          name: 'host.example.org',
        }),
    ],
    [
      'permitted DNS, common name of the leaf is a host inside',
      broken,
      () => named({ permitted: [dns('example.org')] }, [], { name: 'host.example.org' }),
    ],
    [
      'excluded DNS, common name of the leaf is an excluded host',
      broken,
      () => named({ excluded: [dns('example.com')] }, [], { name: 'host.example.com' }),
    ],
    [
      'excluded DNS "" excludes all DNS names',
      broken,
      () => named({ excluded: [dns('')] }, [dns('a.test')]),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.10: e-mail addresses', [
    ...permits(
      'e-mail example.org',
      email('example.org'),
      [['a@example.org', email('a@example.org')]],
      [
        ['a@sub.example.org', email('a@sub.example.org')],
        ['a@example.com', email('a@example.com')],
      ],
    ),
    ...permits(
      'e-mail .example.org',
      email('.example.org'),
      [['a@sub.example.org', email('a@sub.example.org')]],
      [['a@example.org', email('a@example.org')]],
    ),
    ...permits(
      'e-mail a@example.org',
      email('a@example.org'),
      [['a@example.org', email('a@EXAMPLE.org')]],
      [['b@example.org', email('b@example.org')]],
    ),
    ...excludes(
      'e-mail example.org',
      email('example.org'),
      [['a@example.com', email('a@example.com')]],
      [['a@example.org', email('a@example.org')]],
    ),
    [
      'permitted e-mail, address in the subject outside',
      broken,
      () => named({ permitted: [email('example.org')] }, [], { name: withEmail('a@example.com') }),
    ],
    [
      'permitted e-mail, address in the subject inside',
      'accepted',
      () => named({ permitted: [email('example.org')] }, [], { name: withEmail('a@example.org') }),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.10: URIs', [
    ...permits(
      'URI host.test',
      uri('host.test'),
      [['spiffe://host.test/ns/a', uri('spiffe://host.test/ns/a')]],
      [
        ['spiffe://sub.host.test/ns/a', uri('spiffe://sub.host.test/ns/a')],
        ['spiffe://other.test/ns/a', uri('spiffe://other.test/ns/a')],
      ],
    ),
    ...permits(
      'URI .host.test',
      uri('.host.test'),
      [['https://a.host.test:8443/', uri('https://a.host.test:8443/')]],
      [['https://host.test/', uri('https://host.test/')]],
    ),
    ...excludes(
      'URI host.test',
      uri('host.test'),
      [['spiffe://other.test/a', uri('spiffe://other.test/a')]],
      [['spiffe://host.test/a', uri('spiffe://host.test/a')]],
    ),
    [
      'permitted URI, a URI without a host',
      broken,
      () => named({ permitted: [uri('host.test')] }, [uri('urn:uuid:0')]),
    ],
    [
      'permitted URI, a URI with an address for host',
      broken,
      () => named({ permitted: [uri('host.test')] }, [uri('https://192.0.2.1/')]),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.10: IP addresses', [
    ...permits(
      'IP 192.0.2.0/24',
      ip(192, 0, 2, 0, 255, 255, 255, 0),
      [['192.0.2.255', ip(192, 0, 2, 255)]],
      [
        ['192.0.3.0', ip(192, 0, 3, 0)],
        ['an IPv6 address', ip(...v6(1))],
      ],
    ),
    ...excludes(
      'IP 192.0.2.0/24',
      ip(192, 0, 2, 0, 255, 255, 255, 0),
      [
        ['192.0.3.0', ip(192, 0, 3, 0)],
        ['an IPv6 address', ip(...v6(1))],
      ],
      [['192.0.2.0', ip(192, 0, 2, 0)]],
    ),
    ...permits(
      'IP 2001:db8::/32',
      ip(...v6(0), 255, 255, 255, 255, ...new Array<number>(12).fill(0)),
      [['2001:db8::1', ip(...v6(1))]],
      [['2001:db9::1', ip(0x20, 1, 0x0d, 0xb9, ...new Array<number>(11).fill(0), 1)]],
    ),
    [
      'IP constraint with an address of five octets',
      broken,
      () => named({ permitted: [ip(192, 0, 2, 0, 255)] }, [ip(192, 0, 2, 1)]),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.10: distinguished names', [
    [
      'permitted directory C=DE, O=Example',
      'accepted',
      () => named({ permitted: [below(['C', 'DE'], ['O', 'Example'])] }, []),
    ],
    [
      'permitted directory in another letter case',
      'accepted',
      () => named({ permitted: [below(['C', 'DE'], ['O', 'EXAMPLE'])] }, []),
    ],
    [
      'permitted directory C=DE, O=Other',
      broken,
      () => named({ permitted: [below(['C', 'DE'], ['O', 'Other'])] }, []),
    ],
    [
      'permitted directory longer than the subject',
      broken,
      () =>
        named(
          { permitted: [below(['C', 'DE'], ['O', 'Example'], ['CN', 'Client One'], ['OU', 'x'])] },
          [],
        ),
    ],
    [
      'excluded directory C=DE, O=Example',
      broken,
      () => named({ excluded: [below(['C', 'DE'], ['O', 'Example'])] }, []),
    ],
    [
      'excluded directory C=DE, O=Other',
      'accepted',
      () => named({ excluded: [below(['C', 'DE'], ['O', 'Other'])] }, []),
    ],
    [
      'permitted directory, a directory name among the alternative names outside',
      broken,
      () => named({ permitted: [below(['C', 'DE'], ['O', 'Example'])] }, [below(['C', 'FR'])]),
    ],
    [
      'permitted directory, leaf with an empty subject',
      'accepted',
      () => named({ permitted: [below(['C', 'DE'])] }, [uri('https://a.test/')], { name: null }),
    ],
  ]),
  ...casesOf('RFC 5280 4.2.1.10, 6.1.3(b,c): where constraints hold', [
    [
      'a subject that is permitted and excluded',
      broken,
      () =>
        named({ permitted: [dns('example.org')], excluded: [dns('a.example.org')] }, [
          dns('a.example.org'),
        ]),
    ],
    [
      'one of two alternative names outside',
      broken,
      () =>
        named({ permitted: [dns('example.org')] }, [dns('a.example.org'), dns('a.example.com')]),
    ],
    [
      'constraints of the root',
      broken,
      () =>
        chain(
          { more: [ext.subjectAltName(dns('a.example.com'))] },
          {},
          { more: [ext.nameConstraints({ permitted: [dns('example.org')] })] },
        ),
    ],
    [
      'the name of an intermediate outside the constraints of the root',
      broken,
      () => chain({}, {}, { more: [ext.nameConstraints({ permitted: [below(['C', 'FR'])] })] }),
    ],
    [
      'a self-issued intermediate outside the constraints of the root',
      'accepted',
      () => selfIssuedOutside(),
    ],
    [
      'constraints of two authorities hold together',
      broken,
      () =>
        chain(
          { more: [ext.subjectAltName(dns('a.example.org'))] },
          { more: [ext.nameConstraints({ permitted: [dns('b.example.org')] })] },
          { more: [ext.nameConstraints({ permitted: [dns('example.org')] })] },
        ),
    ],
    [
      'constraints of another type than the names',
      'accepted',
      () => named({ permitted: [ip(192, 0, 2, 0, 255, 255, 255, 0)] }, [dns('a.test')]),
    ],
    [
      'constraints on principal names (otherName)',
      broken,
      () =>
        named({ permitted: [other(principalName, 'a@example.org')] }, [
          other(principalName, 'a@example.org'),
        ]),
    ],
    [
      'constraints on principal names, leaf without any',
      'accepted',
      () => named({ permitted: [other(principalName, 'a@example.org')] }, [dns('a.test')]),
    ],
    [
      'constraints on registered identifiers',
      broken,
      () => named({ excluded: [registeredId('1.2.3')] }, [registeredId('1.2.4')]),
    ],
    [
      'constraints with a minimum distance',
      broken,
      () => chain({ more: [ext.subjectAltName(dns('a.example.org'))] }, { more: [distant()] }),
    ],
    ['constraints without any list', 'accepted', () => named({}, [dns('a.test')])],
    [
      'constraints that are no structure',
      broken,
      () => chain({}, { more: [ext.extension('2.5.29.30', Uint8Array.of(5, 0), true)] }),
    ],
    [
      'constraints that are not critical',
      broken,
      () => chain({ more: [ext.subjectAltName(dns('a.example.com'))] }, { more: [uncritical()] }),
    ],
  ]),
]

function v6(last: number): number[] {
  return [0x20, 1, 0x0d, 0xb8, ...new Array<number>(11).fill(0), last]
}

function withEmail(address: string): Uint8Array {
  return buildName([
    { type: 'C', value: 'DE' },
    { type: 'emailAddress', value: address },
  ]).raw
}

function distant(): Uint8Array {
  const subtree = sequence(dns('example.org'), encodeDer(0x80, integer(1).subarray(2)))
  return ext.extension('2.5.29.30', sequence(encodeDer(0xa0, subtree)), true)
}

function uncritical(): Uint8Array {
  const subtree = sequence(dns('example.org'))
  return ext.extension('2.5.29.30', sequence(encodeDer(0xa0, subtree)), false)
}

function selfIssuedOutside() {
  const name = nameOf('Outside')
  const constraint = { permitted: [below(['C', 'DE'], ['O', 'Example'], ['CN', 'Client One'])] }
  const root = authority({ name, more: [ext.nameConstraints(constraint)] })
  const renewed = authority({ name, by: root, key: keyOf() })
  return { leaf: client({ name: 'Client One', by: renewed }), above: [renewed], anchors: [root] }
}
