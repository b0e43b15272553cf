import type { ByteMutation } from './mutate-bytes.ts'
import type { Random } from './random.ts'

/**
 * An encoding taken apart without the reader under test, so that a fault there cannot hide here.
 * `children` are also found inside strings that hold DER; `prefix` is what stands before them.
 */
interface Tlv {
  tag: number
  content: Uint8Array
  children: Tlv[] | null
  prefix: Uint8Array
  /** How the length is written: as DER wants it, longer than needed, or as an end mark. */
  length: 'minimal' | 'padded' | 'indefinite'
}

const depthMax = 24
const none = new Uint8Array()

/** Changes that keep the lengths around them right, so that they reach the readers inside. */
export const derMutations: readonly ByteMutation[] = [
  onNode((node, random) => {
    node.content = random.pick(contents)
    node.children = null
  }),
  onNode((node, random) => {
    node.tag = random.oneIn(2) ? random.pick(tags) : random.below(256)
  }),
  onParent((list, at) => list.splice(at, 1)),
  onParent((list, at, random) => {
    const [node] = list.slice(at, at + 1)
    if (node) list.splice(at, 0, ...Array.from({ length: 1 + random.below(40) }, () => node))
  }),
  onParent((list, at, random) => {
    const to = random.below(list.length)
    const [a, b] = [list[at], list[to]]
    if (a && b) [list[at], list[to]] = [b, a]
  }),
  onParent((list, at, random, donor) => {
    const nodes = donor()
    if (nodes.length > 0) list[at] = copyOf(random.pick(nodes))
  }),
  onParent((list, at, random, donor) => {
    const nodes = donor()
    if (nodes.length > 0) list.splice(at, 0, copyOf(random.pick(nodes)))
  }),
  onNode((node, random) => {
    const inner = { ...node }
    node.tag = random.pick([0x30, 0x31, 0xa0, 0x24, 0x04])
    node.children = [inner]
    node.prefix = none
  }),
  onNode((node, random) => {
    for (let level = random.below(60); level > 0; level -= 1) {
      const inner = { ...node }
      Object.assign(node, { tag: 0x30, children: [inner], prefix: none })
    }
  }),
  onNode((node, random) => {
    node.length = random.pick(['padded', 'indefinite'] as const)
    if (node.length === 'indefinite') node.tag |= 0x20
  }),
  // A string in pieces, as BER allows.
  onNode((node, random) => {
    const middle = random.below(node.content.length + 1)
    const piece = (content: Uint8Array): Tlv => leaf(node.tag & ~0x20, content)
    node.children = [piece(node.content.subarray(0, middle)), piece(node.content.subarray(middle))]
    node.tag |= 0x20
    node.prefix = none
  }),
  /** A length that lies. */
  (bytes, random) => {
    const offsets = lengthOffsets(bytes)
    if (offsets.length === 0) return bytes
    const copy = Uint8Array.from(bytes)
    const at = random.pick(offsets)
    copy[at] = random.oneIn(2) ? random.below(256) : (copy[at] ?? 0) + random.below(5) - 2
    return copy
  },
]

const tags = [
  ...[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0a, 0x0c, 0x12, 0x13, 0x14, 0x16, 0x17, 0x18, 0x1c],
  ...[0x1e, 0x1f, 0x24, 0x30, 0x31, 0x80, 0x81, 0x82, 0x86, 0x87, 0x88, 0xa0, 0xa1, 0xa3, 0xa4],
]

const contents = [
  ...['', '00', '01', '7f', '80', 'ff', '0000', '00ff', 'ffff', '7fffffff', '00ffffffff'],
  ...['0f4240', '0f4241', '00', '0080', '0100000001', 'ff'.repeat(16), 'ff'.repeat(300)],
  ...[
    '00'.repeat(2000),
    `01${'00'.repeat(4000)}`,
    '55040380',
    'c0af',
    'eda080',
    'd800',
    'dc00d800',
  ],
  ...[
    '00110000',
    '2a864886f70d01010b',
    '80',
    '06',
    '2f2e2e2f',
    '0d0a',
    '3230303130313030303030305a',
  ],
].map((hex) => Uint8Array.from(Buffer.from(hex, 'hex')))

function onNode(change: (node: Tlv, random: Random) => void): ByteMutation {
  return (bytes, random) => {
    const root = parse(bytes)
    if (root === null) return bytes
    change(random.pick(flat(root)), random)
    return encode(root)
  }
}

function onParent(
  change: (list: Tlv[], at: number, random: Random, donor: () => readonly Tlv[]) => void,
): ByteMutation {
  return (bytes, random, other) => {
    const root = parse(bytes)
    if (root === null) return bytes
    const parents = flat(root).flatMap(({ children }) => (children?.length ? [children] : []))
    if (parents.length === 0) return bytes
    const list = random.pick(parents)
    const own = random.oneIn(2)
    const donor = () => flat(own ? root : parse(other))
    change(list, random.below(list.length), random, donor)
    return encode(root)
  }
}

/** A node that became its own child would have no end. */
function copyOf(node: Tlv): Tlv {
  const encoded = encode(node)
  return parse(encoded) ?? leaf(node.tag, node.content)
}

function leaf(tag: number, content: Uint8Array): Tlv {
  return { tag, content, children: null, prefix: none, length: 'minimal' }
}

/** A node and all below it, each before what it holds. */
function flat(root: Tlv | null): Tlv[] {
  const nodes: Tlv[] = []
  const pending = root === null ? [] : [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    nodes.push(node)
    if (node.children !== null) pending.push(...node.children.toReversed())
  }
  return nodes
}

function parse(bytes: Uint8Array): Tlv | null {
  const list = parseList(bytes, 0)
  return list?.length === 1 ? (list[0] ?? null) : null
}

function parseList(bytes: Uint8Array, depth: number): Tlv[] | null {
  const list: Tlv[] = []
  for (let at = 0; at < bytes.length; ) {
    const [tag = 0, first = 0] = bytes.subarray(at, at + 2)
    const count = first < 0x80 ? 0 : first & 0x7f
    if (at + 2 > bytes.length || first === 0x80 || count > 4 || depth > depthMax) return null
    const start = at + 2 + count
    const length = count === 0 ? first : Number(`0x${hex(bytes.subarray(at + 2, start)) || '0'}`)
    if (start + length > bytes.length) return null
    const content = bytes.subarray(start, start + length)
    list.push(describe(tag, content, depth))
    at = start + length
  }
  return list
}

function describe(tag: number, content: Uint8Array, depth: number): Tlv {
  const node = leaf(tag, content)
  if ((tag & 0x20) !== 0) return { ...node, children: parseList(content, depth + 1) }
  // Keys in bit strings, extensions and keystores in octet strings.
  const skipped = tag === 0x03 ? 1 : 0
  const holdsDer = (tag === 0x03 || tag === 0x04) && content[skipped] === 0x30
  if (!holdsDer) return node
  const children = parseList(content.subarray(skipped), depth + 1)
  return { ...node, children, prefix: content.subarray(0, skipped) }
}

function encode(node: Tlv): Uint8Array {
  const content =
    node.children === null
      ? node.content
      : Buffer.concat([node.prefix, ...node.children.map(encode)])
  if (node.length === 'indefinite') {
    return Buffer.concat([Buffer.from([node.tag, 0x80]), content, Buffer.alloc(2)])
  }
  const size = content.length
  const minimal =
    size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  const longer = [0x84, 0, (size >> 16) & 0xff, (size >> 8) & 0xff, size & 0xff]
  const long = node.length === 'padded' || size > 0xffff
  return Buffer.concat([Buffer.from([node.tag, ...(long ? longer : minimal)]), content])
}

/** Places of the length octets of the outer levels. */
function lengthOffsets(bytes: Uint8Array): number[] {
  const offsets: number[] = []
  let [at, end] = [0, bytes.length]
  while (at + 2 <= end && offsets.length < 200) {
    const first = bytes[at + 1] ?? 0
    const count = first < 0x80 ? 0 : Math.min(4, first & 0x7f)
    for (let octet = 0; octet <= count; octet += 1) offsets.push(at + 1 + octet)
    const start = at + 2 + count
    const length = count === 0 ? first : Number(`0x${hex(bytes.subarray(at + 2, start)) || '0'}`)
    if (((bytes[at] ?? 0) & 0x20) !== 0) at = start
    else at = start + length
    end = bytes.length
  }
  return offsets
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
