import {
  Composer,
  type CST,
  type Document,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
} from 'yaml'

/** What a person mends at a time; a file of something else holds thousands. */
const faultsToldMax = 10

/** No setting lies below five levels; the library recurses, and its cost grows with the depth. */
const depthMax = 64

/** The value of a YAML text, or what is wrong with it. */
export type ConfigYaml = { readonly value: unknown } | { readonly faults: readonly string[] }

/**
 * The one document of `text`, with the first ten faults and their places if there are any. Aliases
 * are refused: a page of settings needs none, and nested ones grow without bound.
 */
export function readConfigYaml(text: string): ConfigYaml {
  const lines = new LineCounter()
  const faults = new Faults(lines)
  const document = composeOne(text, lines, faults)
  if (document !== null) checkNodes(document, faults)
  const told = faults.told()
  if (told.length > 0) return { faults: told }
  try {
    return { value: document?.toJS({ maxAliasCount: 0 }) }
  } catch (error) {
    return { faults: [error instanceof Error ? error.message : String(error)] }
  }
}

/** The first faults of a text; the others are counted only. */
class Faults {
  readonly #lines: LineCounter
  readonly #told: string[] = []
  #count = 0

  constructor(lines: LineCounter) {
    this.#lines = lines
  }

  /** `at` is a number of characters from the start. */
  add(message: string, at: number): void {
    this.#count += 1
    if (this.#count > faultsToldMax) return
    const { line, col } = this.#lines.linePos(at)
    this.#told.push(`line ${line}, column ${col}: ${message}`)
  }

  told(): string[] {
    const more = this.#count - this.#told.length
    return more > 0 ? [...this.#told, `and ${more} more`] : this.#told
  }
}

function composeOne(text: string, lines: LineCounter, faults: Faults): Document.Parsed | null {
  // The library compares every key of a map with every other one; `checkNodes` does not.
  const composer = new Composer({ stringKeys: true, uniqueKeys: false, prettyErrors: false })
  // Its own errors cost 5 µs each, and a text may hold one for every character.
  composer['onError'] = (source: Place, _code: string, message: string, warning?: boolean) => {
    if (!warning) faults.add(message, offsetOf(source))
  }
  const documents: Document.Parsed[] = []
  for (const token of tokensOf(text, lines, faults)) {
    if (token.type === 'error') faults.add(token.message, token.offset)
    else documents.push(...composer.next(token))
    if (documents.length > 1) break
  }
  documents.push(...composer.end(true, text.length))
  const [document = null, second] = documents
  if (second) faults.add('a second document; a configuration is one', second.range[0])
  for (const { message, pos } of document?.errors ?? []) faults.add(message, pos[0])
  return document
}

/** The tokens of a text, as far as it is not too deep. */
function* tokensOf(text: string, lines: LineCounter, faults: Faults): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    yield* parser.next(lexeme)
    // It holds the document and a scalar as well.
    if (parser.stack.length <= depthMax + 2) continue
    return faults.add(`nested more than ${depthMax} levels deep`, parser.offset)
  }
  yield* parser.end()
}

/** Where the library found a fault. */
type Place = number | readonly number[] | { readonly offset: number }

function offsetOf(place: Place): number {
  if (typeof place === 'number') return place
  return 'offset' in place ? place.offset : (place[0] ?? 0)
}

/** What is YAML, and yet not taken: an alias, and a key that its map has already. */
function checkNodes(document: Document.Parsed, faults: Faults): void {
  visit(document, {
    Alias: (_key, { source, range }) => {
      const name = source.slice(0, 80)
      faults.add(`*${name}: an alias is not taken; write the value itself`, range?.[0] ?? 0)
    },
    Map: (_key, { items }) => {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const name = JSON.stringify(String(key.value).slice(0, 80))
        const fault = `keys must be unique, ${name} stands twice`
        if (seen.has(key.value)) faults.add(fault, key.range?.[0] ?? 0)
        seen.add(key.value)
      }
    },
  })
}
