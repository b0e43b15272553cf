import { PkiError } from './errors.ts'

/**
 * One tag-length-value of an encoding (X.690), with views into the bytes it was read from. They are
 * made when they are asked for, so a copy by `{ ...node }` has none.
 */
export interface DerNode {
  /** Identifier octet: class, constructed bit and tag number (0x1f where the number is above 30). */
  readonly tag: number
  /** Content octets, without the end mark of an indefinite length. */
  readonly content: Uint8Array
  /** The whole encoding as it came. */
  readonly raw: Uint8Array
  /** Parts of a constructed node; empty for a primitive one. */
  readonly children: readonly DerNode[]
}

export interface DerOptions {
  /** Accept BER: indefinite and non-minimal lengths, constructed strings (PKCS#12 of Windows and NSS). */
  readonly ber?: boolean
  readonly bytesMax?: number
  readonly depthMax?: number
  readonly nodesMax?: number
}

/** Bounds of what is read when the caller names none; foreign bytes must not choose our cost. */
const derLimits = {
  /** Largest keystore file we read (pki.md section 4.4); certificates are a hundred times smaller. */
  bytesMax: 1024 * 1024,
  /** Nesting: a directoryName in a certificate needs 11, a PKCS#12 file 13. */
  depthMax: 16,
  /** Nodes: a CA certificate with 100 names has about 600. */
  nodesMax: 20_000,
} as const

interface Cursor {
  readonly bytes: Uint8Array
  readonly ber: boolean
  readonly depthMax: number
  nodesLeft: number
}

/**
 * Reads exactly one encoding that fills `bytes`; strict DER unless `ber` is set. Throws
 * `pki/malformed-der` for anything else, `pki/der-limits` beyond the limits, and never recurses or allocates beyond the limits.
 */
export function readDer(bytes: Uint8Array, options: DerOptions = {}): DerNode {
  const bytesMax = options.bytesMax ?? derLimits.bytesMax
  if (bytes.length > bytesMax) {
    throw tooMuch(`${bytes.length} bytes, at most ${bytesMax} are read`)
  }
  const cursor: Cursor = {
    bytes,
    ber: options.ber ?? false,
    depthMax: options.depthMax ?? derLimits.depthMax,
    nodesLeft: options.nodesMax ?? derLimits.nodesMax,
  }
  const node = readNode(cursor, 0, bytes.length, 1)
  if (node.end !== bytes.length) {
    throw malformed(`${bytes.length - node.end} bytes follow the end of the structure`)
  }
  return node
}

/** Encodes a tag with its content in DER: the parts are joined, the length is minimal. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const header = lengthOctets(length)
  const encoding = new Uint8Array(1 + header.length + length)
  encoding[0] = tag
  encoding.set(header, 1)
  let offset = 1 + header.length
  for (const part of parts) {
    encoding.set(part, offset)
    offset += part.length
  }
  return encoding
}

/** Makes its views when they are asked for: most are not, and a view costs more than a node. */
class Element implements DerNode {
  readonly tag: number
  readonly children: readonly Element[]
  /** Where its encoding ends. */
  readonly end: number
  readonly #bytes: Uint8Array
  readonly #start: number
  readonly #from: number
  readonly #stop: number

  constructor(bytes: Uint8Array, place: Place, children: readonly Element[]) {
    this.tag = place.tag
    this.children = children
    this.end = place.end
    this.#bytes = bytes
    this.#start = place.start
    this.#from = place.from
    this.#stop = place.stop
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#from, this.#stop)
  }

  get raw(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.end)
  }
}

/** Where an element begins and ends, and its content between. */
interface Place {
  readonly tag: number
  readonly start: number
  readonly from: number
  readonly stop: number
  readonly end: number
}

function readNode(cursor: Cursor, start: number, end: number, depth: number): Element {
  if (depth > cursor.depthMax) throw tooMuch(`nested deeper than ${cursor.depthMax}`)
  cursor.nodesLeft -= 1
  if (cursor.nodesLeft < 0) throw tooMuch('too many elements')
  const tag = cursor.bytes[start]
  if (start >= end || tag === undefined) throw malformed(`ends too early at byte ${start}`)
  if (isNoType(tag)) throw malformed(`no type of an element at byte ${start}`)
  const afterTag = skipTag(cursor, start, end)
  const { length, next } = readLength(cursor, afterTag, end)
  const constructed = (tag & 0x20) !== 0
  if (length === null) {
    if (!constructed) throw malformed(`indefinite length of a primitive at byte ${start}`)
    return readIndefinite(cursor, { tag, start, from: next, end, depth })
  }
  const stop = next + length
  if (stop > end) throw malformed(`length at byte ${start} reaches past the end`)
  const isString = (tag & 0xc0) === 0 && tag !== 0x30 && tag !== 0x31
  if (constructed && isString && !cursor.ber) {
    throw malformed(`constructed string at byte ${start} is not DER`)
  }
  const children = constructed ? readChildren(cursor, next, stop, depth) : noChildren
  return new Element(cursor.bytes, { tag, start, from: next, stop, end: stop }, children)
}

const noChildren: readonly Element[] = []

function readChildren(cursor: Cursor, from: number, stop: number, depth: number): Element[] {
  const children: Element[] = []
  let position = from
  while (position < stop) {
    const child = readNode(cursor, position, stop, depth + 1)
    children.push(child)
    position = child.end
  }
  return children
}

interface IndefiniteStart {
  readonly tag: number
  readonly start: number
  readonly from: number
  readonly end: number
  readonly depth: number
}

function readIndefinite(cursor: Cursor, begin: IndefiniteStart): Element {
  const { tag, start, from, end, depth } = begin
  const children: Element[] = []
  let position = from
  while (!(cursor.bytes[position] === 0 && cursor.bytes[position + 1] === 0)) {
    const child = readNode(cursor, position, end, depth + 1)
    children.push(child)
    position = child.end
  }
  if (position + 2 > end) throw malformed(`no end mark for the indefinite length at byte ${start}`)
  const place = { tag, start, from, stop: position, end: position + 2 }
  return new Element(cursor.bytes, place, children)
}

/** An end mark where nothing ends, or a sequence or set that is not constructed (X.690 8.1.5, 8.9.1, 8.11.1). */
function isNoType(tag: number): boolean {
  return tag === 0x00 || tag === 0x10 || tag === 0x11
}

/** Tag numbers above 30 take more octets; nothing we interpret has one, but a stranger's may. */
function skipTag(cursor: Cursor, start: number, end: number): number {
  let next = start + 1
  if (((cursor.bytes[start] ?? 0) & 0x1f) !== 0x1f) return next
  while (next < end && next < start + 5 && ((cursor.bytes[next] ?? 0) & 0x80) !== 0) next += 1
  if (next >= end || next >= start + 5) throw malformed(`unreadable tag at byte ${start}`)
  // X.690 section 8.1.2: smaller numbers have the short form only, and no number begins with zeros.
  const first = cursor.bytes[start + 1] ?? 0
  if (first < 0x1f || first === 0x80) throw malformed(`unreadable tag at byte ${start}`)
  return next + 1
}

function readLength(
  cursor: Cursor,
  start: number,
  end: number,
): { length: number | null; next: number } {
  const first = cursor.bytes[start]
  if (start >= end || first === undefined) throw malformed(`ends too early at byte ${start}`)
  if (first < 0x80) return { length: first, next: start + 1 }
  const count = first & 0x7f
  if (count === 0) {
    if (!cursor.ber) throw malformed(`indefinite length at byte ${start} is not DER`)
    return { length: null, next: start + 1 }
  }
  // Four octets say more than any input we accept; more would also leave the safe integers.
  if (count > 4 || start + count >= end) throw malformed(`unusable length at byte ${start}`)
  let length = 0
  for (let index = 1; index <= count; index += 1) {
    length = length * 256 + (cursor.bytes[start + index] ?? 0)
  }
  const minimal = length >= 0x80 && length >= 256 ** (count - 1)
  if (!minimal && !cursor.ber) throw malformed(`length at byte ${start} is not minimal`)
  return { length, next: start + 1 + count }
}

function lengthOctets(length: number): number[] {
  if (length < 0x80) return [length]
  const octets: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256)
  return [0x80 | octets.length, ...octets]
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-der', `not a usable DER structure: ${what}`)
}

function tooMuch(what: string): PkiError {
  return new PkiError('pki/der-limits', `a DER structure beyond our limits: ${what}`)
}
