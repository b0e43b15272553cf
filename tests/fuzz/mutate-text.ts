import { byteMutations } from './mutate-bytes.ts'
import type { Random } from './random.ts'

/** Characters that separate, escape, end or disguise something in one of our grammars. */
const telling = [
  ...['\0', '\t', '\n', '\r', '\r\n', ' ', '"', "'", '\\', '/', ',', ';', ':', '=', '+', '#', '%'],
  ...['*', '&', '!', '|', '>', '{', '}', '[', ']', '(', ')', '<', '?', '-', '.', '..', '@', '~'],
  ...['\u007f', '\u0085', '\u00a0', '\u00e9', '\u202e', '\u2028', '\ufeff', '\ufffd', '😀', 'ﬁ'],
  ...['%00', '%2e', '%2F', '%25', '\\00', '\\E9', '&a', '*a', '<<: ', '---\n', '...\n', '- ', '? '],
  ...['0', '-1', '1e309', '9007199254740993', '99999999999999999999', 'true', 'null', '__proto__'],
]

/** Values a JSON body may hold where another kind was meant. */
const values: readonly unknown[] = [
  ...[null, true, false, 0, -0, -1, 1.5, 1e308, 2 ** 53, '', ' ', '\0', '\u202e', 'a'.repeat(300)],
  ...[[], {}, [[]], [null], ['a', 'a'], { a: 1 }, { toString: 1 }, { toString: null, valueOf: 1 }],
  ...[
    { constructor: { prototype: {} } },
    { length: 1e9 },
    { valueOf: null },
    { length: { toString: 1 } },
    '__proto__',
    'constructor',
  ],
]

/** One change of a text; `words` are those of its grammar. */
export function mutateText(
  text: string,
  random: Random,
  other: string,
  words: readonly string[],
): string {
  const at = random.below(text.length + 1)
  const to = at + random.below(random.oneIn(4) ? text.length : 12)
  const word = words.length > 0 && random.oneIn(2) ? random.pick(words) : random.pick(telling)
  switch (random.below(9)) {
    case 0:
      return text.slice(0, at) + word + text.slice(at)
    case 1:
      return text.slice(0, at) + word + text.slice(to)
    case 2:
      return text.slice(0, at) + text.slice(to)
    case 3:
      return text.slice(0, to) + text.slice(at)
    case 4:
      return text.slice(0, to) + text.slice(at, to).repeat(random.below(40)) + text.slice(to)
    case 5:
      return text.slice(0, at) + other.slice(random.below(other.length + 1))
    case 6:
      return swapWords(text, random)
    case 7:
      return text.slice(0, at) + word.repeat(random.below(60)) + text.slice(at)
    default: {
      const changed = random.pick(byteMutations)(Buffer.from(text), random, Buffer.from(other))
      return Buffer.from(changed).toString('utf8')
    }
  }
}

function swapWords(text: string, random: Random): string {
  const parts = text.split(/([A-Za-z0-9_]+)/)
  const a = random.below(parts.length)
  const b = random.below(parts.length)
  const [left, right] = [parts[a] ?? '', parts[b] ?? '']
  return parts.with(a, right).with(b, left).join('')
}

/** One change of a JSON text inside its structure; text that is no JSON changes as text. */
export function mutateJson(
  text: string,
  random: Random,
  other: string,
  words: readonly string[],
): string {
  const root = parse(text)
  if (root === undefined || random.oneIn(6)) return mutateText(text, random, other, words)
  const holder = { root }
  const places = placesOf(holder)
  const { parent, key } = random.pick(places)
  switch (random.below(6)) {
    case 0:
      set(parent, key, structuredClone(random.pick(values)))
      break
    case 1:
      if (Array.isArray(parent)) parent.splice(Number(key), 1)
      else Reflect.deleteProperty(parent, key)
      break
    case 2:
      set(parent, words.length > 0 ? random.pick(words) : 'extra', Reflect.get(parent, key))
      break
    case 3: {
      const strange = parse(other)
      if (strange !== undefined)
        set(parent, key, Reflect.get(parent, key) === strange ? 1 : strange)
      break
    }
    case 4:
      set(parent, key, nest(Reflect.get(parent, key), random.below(40)))
      break
    default: {
      const value: unknown = Reflect.get(parent, key)
      set(parent, key, typeof value === 'string' ? mutateText(value, random, other, words) : value)
    }
  }
  // What JSON.stringify cannot say, and what only a text can: a key that is there twice.
  const written = JSON.stringify(holder.root) ?? 'null'
  return random.oneIn(12) ? written.replace('{', '{"__proto__":{"a":1},') : written
}

function nest(value: unknown, levels: number): unknown {
  let nested = value
  for (let level = 0; level < levels; level += 1)
    nested = level % 2 === 0 ? [nested] : { a: nested }
  return nested
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function set(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  })
}

function placesOf(root: object): { parent: object; key: string }[] {
  const places: { parent: object; key: string }[] = []
  const pending: object[] = [root]
  for (let next = pending.pop(); next !== undefined && places.length < 500; next = pending.pop()) {
    for (const [key, value] of Object.entries(next)) {
      places.push({ parent: next, key })
      if (typeof value === 'object' && value !== null) pending.push(value)
    }
  }
  return places
}
