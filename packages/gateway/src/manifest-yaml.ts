import type { ProblemItem } from '@twinlatch/kit'
import {
  Composer,
  type CST,
  type Document,
  isCollection,
  isMap,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  type YAMLMap,
} from 'yaml'
import type { JsonValue, ManifestFile } from './document.ts'
import { problemAt } from './issues.ts'

/** Limits of what is read: manifests are written by hand or by tools, never this large. */
export const manifestLimits = {
  /** A Kubernetes object stops at 1 MiB; a file may hold several. */
  fileCharactersMax: 4 * 1024 * 1024,
  documentsMax: 1000,
  /** The deepest pod template is below 20; recursion of a composer must end somewhere. */
  depthMax: 64,
  /** References that aliases may stand for, against "billion laughs". */
  aliasesMax: 100,
  /**
   * Values of one call, and of one document with its aliases written out: 200 for each of as many
   * documents as there may be. Each costs some 10 µs to read, and nothing else runs meanwhile.
   */
  nodesMax: 200_000,
  /** Tokens of one call, blanks and comments included: five of them to a value. */
  tokensMax: 1_000_000,
  /**
   * Faults of one call, all but the first of each document for nobody: a text of nothing else would
   * take 9 µs a character.
   */
  faultsMax: 1000,
} as const

/** One YAML document as plain JSON, with its place. */
export interface RawDocument {
  readonly file: string
  readonly index: number
  readonly value: JsonValue
}

/** What may still be read in one call; shared by its files. */
export class YamlBudget {
  #nodes = 0
  #tokens = 0
  #faults = 0

  get isSpent(): boolean {
    const { nodesMax, tokensMax, faultsMax } = manifestLimits
    return this.#nodes > nodesMax || this.#tokens > tokensMax || this.#faults > faultsMax
  }

  /** Counts one token of the lexer; throws when it is one too many. */
  take(lexeme: string): void {
    this.#tokens += 1
    if (lexeme === scalarMark) this.#nodes += 1
    if (!this.isSpent) return
    const { nodesMax, tokensMax } = manifestLimits
    throw new LimitError(
      this.#nodes > nodesMax
        ? `more than ${nodesMax} YAML values in one call`
        : `more than ${tokensMax} YAML tokens in one call`,
    )
  }

  /** Counts one fault or warning; throws when it is one too many. */
  takeFault(): void {
    this.#faults += 1
    if (!this.isSpent) return
    throw new LimitError(`more than ${manifestLimits.faultsMax} faults of YAML in one call`)
  }
}

/** What the lexer puts before every plain or quoted text (SCALAR of `yaml`). */
const scalarMark = '\x1f'

/**
 * The documents of one file. Empty ones are skipped but counted; a document that is not YAML, too
 * deep or too large becomes a problem and the others are still read. Never throws on any text.
 */
export function readYaml(
  file: ManifestFile,
  budget: YamlBudget = new YamlBudget(),
): {
  documents: RawDocument[]
  problems: ProblemItem[]
} {
  const problems: ProblemItem[] = []
  const documents: RawDocument[] = []
  const refuse = (message: string, index?: number) =>
    problems.push(problemAt({ file: file.name, index }, '', message))
  if (file.text.length > manifestLimits.fileCharactersMax) {
    refuse(`larger than ${manifestLimits.fileCharactersMax / 1024 / 1024} MiB`)
    return { documents, problems }
  }
  try {
    for (const [index, document] of composeAll(file.text, budget).entries()) {
      if (index >= manifestLimits.documentsMax) {
        refuse(`more than ${manifestLimits.documentsMax} documents in one file`)
        break
      }
      const read = readDocument(document)
      if (typeof read === 'string') refuse(read, index)
      else if (read.value !== null) documents.push({ file: file.name, index, value: read.value })
    }
  } catch (error) {
    refuse(error instanceof LimitError ? error.message : 'not YAML that can be read')
  }
  return { documents, problems }
}

class LimitError extends Error {}
const tooDeep = `nested more than ${manifestLimits.depthMax} levels deep`

/** Composing recurses, so depth is measured on the token tree first, without recursion. */
function composeAll(text: string, budget: YamlBudget): Document.Parsed[] {
  const lines = new LineCounter()
  // The library compares every key of a map with every other one; `faultOfKeys` does not.
  const composer = new Composer({
    uniqueKeys: false,
    lineCounter: lines,
    prettyErrors: false,
    // Its warnings about odd keys would go to the process, with whatever a manifest holds.
    logLevel: 'error',
  })
  // It has no other place where the faults of a document can be seen before all of them are made.
  const report: (...fault: readonly unknown[]) => void = composer['onError']
  composer['onError'] = (...fault: readonly unknown[]) => {
    budget.takeFault()
    report(...fault)
  }
  const documents: Document.Parsed[] = []
  for (const document of documentsOf(tokensOf(text, lines, budget), composer, budget)) {
    const [error] = [...document.errors, ...document.warnings]
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      error.message = `line ${line}, column ${col}: ${error.message}`
    }
    documents.push(document)
    if (documents.length > manifestLimits.documentsMax) break
  }
  return documents
}

function* documentsOf(
  tokens: Iterable<CST.Token>,
  composer: Composer,
  budget: YamlBudget,
): Generator<Document.Parsed> {
  for (const token of tokens) {
    if (token.type === 'error') budget.takeFault()
    assertShallow(token)
    yield* composer.next(token)
  }
  yield* composer.end()
}

/**
 * The tokens of a text, by the library's own two steps: a token that is all brackets comes at its end
 * only, so the parser's stack is looked at on the way. It holds the document and a scalar as well.
 */
function* tokensOf(text: string, lines: LineCounter, budget: YamlBudget): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    // Parsing and composing cost far more than finding tokens, so these are what is counted.
    budget.take(lexeme)
    yield* parser.next(lexeme)
    if (parser.stack.length > manifestLimits.depthMax + 3) throw new LimitError(tooDeep)
  }
  yield* parser.end()
}

function assertShallow(root: CST.Token): void {
  const pending: { token: CST.Token; depth: number }[] = [{ token: root, depth: 0 }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { token, depth } = next
    if (depth > manifestLimits.depthMax) {
      throw new LimitError(tooDeep)
    }
    if (token.type === 'document') {
      if (token.value !== undefined) pending.push({ token: token.value, depth })
    } else if ('items' in token) {
      for (const item of token.items) {
        if (item.key) pending.push({ token: item.key, depth: depth + 1 })
        if (item.value) pending.push({ token: item.value, depth: depth + 1 })
      }
    }
  }
}

function readDocument(document: Document.Parsed): { value: JsonValue } | string {
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault !== undefined) return `not valid YAML: ${fault.message}`
  if (document.contents === null) return { value: null }
  const keyFault = faultOfKeys(document.contents)
  if (keyFault !== null) return `not valid YAML: ${keyFault}`
  let value: unknown
  try {
    // The library counts the anchor as well.
    value = document.toJS({ maxAliasCount: manifestLimits.aliasesMax + 1 })
  } catch {
    return `more than ${manifestLimits.aliasesMax} values behind aliases, or an alias without its anchor`
  }
  if (value === null) return { value: null }
  if (!isMap(document.contents)) return 'not an object (expected apiVersion, kind, metadata, …)'
  const counter = { nodes: 0 }
  const json = toJson(value, counter)
  if (json === undefined) return 'holds a value that JSON does not know'
  return counter.nodes > manifestLimits.nodesMax
    ? `more than ${manifestLimits.nodesMax} values`
    : { value: json }
}

/**
 * A key that another reader could take for another one: twice in its map, or no plain text. Depth was
 * looked at before.
 */
function faultOfKeys(node: unknown): string | null {
  if (isPair(node)) return faultOfKeys(node.key) ?? faultOfKeys(node.value)
  if (!isCollection(node)) return null
  let fault = isMap(node) ? faultOfMap(node) : null
  for (const item of node.items) {
    if (fault !== null) return fault
    fault = faultOfKeys(item)
  }
  return fault
}

function faultOfMap(map: YAMLMap): string | null {
  const seen = new Set<string>()
  for (const { key } of map.items) {
    if (!isScalar(key)) return 'a key that is no plain text'
    // As JSON has it: `1` and `"1"` are one name there.
    const name = String(key.value)
    if (seen.has(name)) return `map keys must be unique, "${name.slice(0, 80)}" stands twice`
    seen.add(name)
  }
  return null
}

/** A plain copy, so that shared anchors cannot alias one another; `undefined` if it is no JSON. */
function toJson(value: unknown, counter: { nodes: number }, depth = 0): JsonValue | undefined {
  counter.nodes += 1
  if (counter.nodes > manifestLimits.nodesMax) return null
  if (depth > manifestLimits.depthMax) return undefined
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (Array.isArray(value)) {
    const items = value.map((item) => toJson(item, counter, depth + 1))
    return items.every((item) => item !== undefined) ? items : undefined
  }
  if (typeof value !== 'object') return undefined
  const entries: [string, JsonValue][] = []
  for (const [name, item] of Object.entries(value)) {
    const json = toJson(item, counter, depth + 1)
    // No field is called __proto__, and nobody downstream should have to think of it.
    if (json === undefined || name === '__proto__') return undefined
    entries.push([name, json])
  }
  return Object.fromEntries(entries)
}
