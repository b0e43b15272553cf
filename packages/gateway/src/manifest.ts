import type { ProblemItem } from '@twinlatch/kit'
import type { z } from 'zod'
import type { JsonObject, JsonValue, ManifestFile, ParsedDocument } from './document.ts'
import { problemAt, problemsOf } from './issues.ts'
import { type Kind, kinds, refusedKinds } from './kinds.ts'
import { manifestLimits, type RawDocument, readYaml, YamlBudget } from './manifest-yaml.ts'
import { nearestName } from './nearest-name.ts'

/** What became of some files: the documents that were understood, and everything that was wrong. */
export interface ParsedManifests {
  readonly documents: readonly ParsedDocument[]
  readonly problems: readonly ProblemItem[]
  readonly warnings: readonly ProblemItem[]
}

/** Namespace of a document that names none, as `kubectl` fills it in. */
const defaultNamespace = 'default'

/**
 * Reads Istio and Kubernetes YAML (gateway.md section 16): every fault of every document at once,
 * with file, document and path; unknown fields with the nearest name; known fields that are not
 * built by name; one warning for a kind that has nothing to do with a gateway. Pure, never throws.
 */
export function parseManifests(files: readonly ManifestFile[]): ParsedManifests {
  const problems: ProblemItem[] = []
  const warnings: ProblemItem[] = []
  const documents: ParsedDocument[] = []
  const seen = new Map<string, ParsedDocument>()
  const budget = new YamlBudget()
  for (const file of files) {
    // The file that spent it has said so.
    if (budget.isSpent) break
    const read = readYaml(file, budget)
    problems.push(...read.problems)
    for (const raw of read.documents) {
      const result = parseDocument(raw)
      problems.push(...result.problems)
      warnings.push(...result.warnings)
      if (result.document === null) continue
      const key = documentKey(result.document)
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, result.document)
        documents.push(result.document)
      } else {
        const where = `${first.file}, document ${first.index + 1},`
        problems.push(problemAt(raw, 'metadata.name', `${key} stands in ${where} already`))
      }
    }
  }
  if (documents.length > manifestLimits.documentsMax) {
    problems.push(problemAt({}, '', `more than ${manifestLimits.documentsMax} documents at once`))
  }
  return { documents, problems, warnings }
}

/** `kind namespace/name` with the API group, which is what makes a document one of its kind. */
function documentKey(document: ParsedDocument): string {
  const group = groupOf(document.apiVersion)
  return `${document.kind}${group === '' ? '' : `.${group}`} ${document.namespace}/${document.name}`
}

interface DocumentResult {
  readonly document: ParsedDocument | null
  readonly problems: readonly ProblemItem[]
  readonly warnings: readonly ProblemItem[]
}

function parseDocument(raw: RawDocument): DocumentResult {
  const refuse = (path: string, message: string): DocumentResult => ({
    document: null,
    problems: [problemAt(raw, path, message)],
    warnings: [],
  })
  if (!isObject(raw.value)) return refuse('', 'not an object')
  const { apiVersion, kind } = raw.value
  if (typeof apiVersion !== 'string') return refuse('apiVersion', 'missing')
  if (typeof kind !== 'string') return refuse('kind', 'missing')
  const found = findKind(apiVersion, kind)
  if (found.result === 'refused') return refuse(found.path, found.message)
  if (found.result === 'ignored') {
    return { document: null, problems: [], warnings: [problemAt(raw, 'kind', found.message)] }
  }
  const { body, problems: moved } = normalize(found.kind, raw.value, raw)
  const decoded = decodeBody(found.kind, body, raw)
  const problems = [...moved, ...decoded.problems]
  const metadata = isObject(body['metadata']) ? body['metadata'] : {}
  if (decoded.value === null || problems.length > 0)
    return { document: null, problems, warnings: [] }
  const document = {
    apiVersion,
    kind,
    namespace: String(metadata['namespace'] ?? ''),
    name: String(metadata['name']),
    body,
    file: raw.file,
    index: raw.index,
  }
  return { document, problems: [], warnings: [] }
}

/** The typed value of a document body, or what is wrong with it. */
export function decodeBody(
  kind: Kind,
  body: JsonObject,
  origin: { readonly file?: string | undefined; readonly index?: number | undefined },
): { value: z.output<Kind['schema']> | null; problems: ProblemItem[] } {
  const result = tryParse(kind, body)
  if (result === null) {
    const message = 'a field holds a value that cannot be read: its "length" is no number'
    return { value: null, problems: [problemAt(origin, '', message)] }
  }
  return result.success
    ? { value: result.data, problems: [] }
    : { value: null, problems: problemsOf(result.error, kind.schema, body, origin) }
}

/** The library measures whatever has a `length`, a text or not: one that is no number throws. */
function tryParse(kind: Kind, body: JsonObject) {
  try {
    return kind.schema.safeParse(body)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

type KindLookup =
  | { readonly result: 'known'; readonly kind: Kind }
  | { readonly result: 'refused'; readonly path: string; readonly message: string }
  | { readonly result: 'ignored'; readonly message: string }

/** How a document of `apiVersion` and `kind` is treated (gateway.md section 16). */
export function findKind(apiVersion: string, kind: string): KindLookup {
  const group = groupOf(apiVersion)
  const version = apiVersion.slice(apiVersion.lastIndexOf('/') + 1)
  const known = kinds.find((entry) => entry.group === group && entry.kind === kind)
  if (known?.versions.includes(version)) return { result: 'known', kind: known }
  if (known !== undefined) {
    const prefix = group === '' ? '' : `${group}/`
    const accepted = known.versions.map((name) => prefix + name).join(', ')
    return { result: 'refused', path: 'apiVersion', message: `"${apiVersion}" is not ${accepted}` }
  }
  const nearest = nearestName(
    kind,
    kinds.filter((entry) => entry.group === group).map((entry) => entry.kind),
  )
  const hint = nearest === null ? '' : `; did you mean "${nearest}"?`
  const refused = refusedKinds.find(
    (entry) => entry.group === group && (entry.kind === null || entry.kind === kind),
  )
  if (refused !== undefined) {
    return {
      result: 'refused',
      path: 'kind',
      message: `${kind} (${apiVersion}) ${refused.reason}${hint}`,
    }
  }
  return {
    result: 'ignored',
    message: `${kind} (${apiVersion}) is not used here and left out${hint}`,
  }
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.lastIndexOf('/')
  return slash === -1 ? '' : apiVersion.slice(0, slash)
}

/** The body as an API server would keep it. */
function normalize(kind: Kind, value: JsonObject, raw: RawDocument) {
  const { status: _status, ...kept } = value
  const problems: ProblemItem[] = []
  const body: Record<string, JsonValue> = { ...kept }
  if (isObject(body['metadata'])) {
    const { managedFields: _managedFields, ...metadata } = body['metadata']
    const { namespace } = metadata
    if (kind.namespaced)
      body['metadata'] = { ...metadata, namespace: namespace ?? defaultNamespace }
    else {
      body['metadata'] = metadata
      if (namespace !== undefined) {
        const message = `a ${kind.kind} lies in no namespace: leave it out`
        problems.push(problemAt(raw, 'metadata.namespace', message))
      }
    }
  }
  if (kind.kind === 'Secret') moveStringData(body)
  return { body, problems }
}

/** `stringData` wins over `data` and is never stored, as in Kubernetes. */
function moveStringData(body: Record<string, JsonValue>): void {
  const plain = body['stringData']
  if (!isObject(plain) || !Object.values(plain).every((text) => typeof text === 'string')) return
  const data = isObject(body['data']) ? body['data'] : {}
  const encoded = Object.entries(plain).map(([key, text]): [string, string] => [
    key,
    Buffer.from(String(text), 'utf8').toString('base64'),
  ])
  delete body['stringData']
  body['data'] = { ...data, ...Object.fromEntries(encoded) }
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
