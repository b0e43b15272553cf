import { z } from 'zod'

/** What is read of an OpenAPI document: what `createOpenApi` of kit writes. */
export interface ContractDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
  readonly components: object
}

type Schema = Readonly<Record<string, unknown>>
type Content = Readonly<Record<string, { readonly schema: Schema }>>
interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly schema: Schema
}
interface Answer {
  readonly content?: Content
  readonly 'x-may-be-empty'?: boolean
}
interface Operation {
  readonly operationId: string
  readonly parameters?: readonly (Parameter | { readonly $ref: string })[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, Answer | { readonly $ref: string }>>
}
interface Components {
  readonly schemas: Readonly<Record<string, Schema>>
  readonly responses: Readonly<Record<string, Answer>>
  readonly parameters: Readonly<Record<string, Parameter>>
}

/** A call as it was made: its operation, and the status it was answered with. */
export interface ContractCall {
  readonly operation: string
  readonly status: number
}

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** Calls that do not keep to the document; each message names the operation and what is wrong. */
export interface ApiContract {
  /** Every call so far. */
  readonly calls: readonly ContractCall[]
  /**
   * `fetch` that throws unless request and answer are what the document says: parameters, body,
   * status, media type, and a body without anything that is not in its schema. `mistaken` requests
   * are not what it says, and must not be: it refuses what the server refuses.
   */
  fetch(fetch: Fetch, requests?: 'right' | 'mistaken'): Fetch
}

/** The contract that `document` is. */
export function createApiContract(document: ContractDocument): ApiContract {
  const components = document.components as Components
  const paths = Object.entries(document.paths)
    .sort(([a], [b]) => a.split('{').length - b.split('{').length)
    .map(([path, methods]) => ({ pattern: patternOf(path), methods }))
  const calls: ContractCall[] = []
  const operationOf = (method: string, url: URL): Operation => {
    const found = paths.find(({ pattern }) => pattern.test(url.pathname))
    const operation = found?.methods[method.toLowerCase()]
    if (operation) return operation as Operation
    throw new Error(`${method} ${url.pathname} is not in the document`)
  }
  return {
    calls,
    fetch:
      (fetch, requests = 'right') =>
      async (target, init) => {
        const url = new URL(target)
        const operation = operationOf(init.method ?? 'GET', url)
        const faults = await requestFaults(operation, url, init, components)
        if (requests === 'right') assertNone(operation, 'request', faults)
        else if (faults.length === 0) {
          throw new Error(`${operation.operationId}: the document allows this request`)
        }
        const response = await fetch(target, init)
        calls.push({ operation: operation.operationId, status: response.status })
        const text = await response.clone().text()
        const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? null
        const answer = { status: response.status, mediaType, text }
        assertNone(
          operation,
          `answer ${response.status}`,
          answerFaults(operation, answer, components),
        )
        return response
      },
  }
}

function assertNone(operation: Operation, what: string, faults: readonly string[]): void {
  if (faults.length > 0) throw new Error(`${operation.operationId}, ${what}: ${faults.join('; ')}`)
}

function patternOf(path: string): RegExp {
  const literal = path.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&')
  return new RegExp(`^${literal.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

async function requestFaults(
  operation: Operation,
  url: URL,
  init: RequestInit,
  components: Components,
): Promise<string[]> {
  const parameters = (operation.parameters ?? []).map((parameter) =>
    '$ref' in parameter ? named(components.parameters, parameter.$ref) : parameter,
  )
  const headers = new Headers(init.headers)
  const faults: string[] = []
  for (const name of url.searchParams.keys()) {
    if (!parameters.some((known) => known.in === 'query' && known.name === name)) {
      faults.push(`parameter ${name} is not in the document`)
    }
  }
  for (const { name, in: place, required, schema } of parameters) {
    if (place === 'path') continue
    const values =
      place === 'query' ? url.searchParams.getAll(name) : [headers.get(name) ?? []].flat()
    if (required && values.length === 0) faults.push(`parameter ${name} is missing`)
    if (values.length > 1) faults.push(`parameter ${name} is given twice`)
    for (const value of values) faults.push(...faultsOf(schema, value, components, name))
  }
  return [...faults, ...(await bodyFaults(operation, init, headers, components))]
}

async function bodyFaults(
  { requestBody }: Operation,
  init: RequestInit,
  headers: Headers,
  components: Components,
): Promise<string[]> {
  const { body } = init
  if (body === undefined || body === null) return requestBody ? ['the body is missing'] : []
  if (!requestBody) return ['there is a body']
  // As it travels: the runtime names the media type of a form by itself.
  const sent = new Request('http://localhost', { method: 'POST', body, headers })
  const mediaType = sent.headers.get('content-type')?.split(';')[0] ?? ''
  const schema = requestBody.content[mediaType]?.schema
  if (!schema) return [`a body of type ${mediaType} is not in the document`]
  if (mediaType !== 'application/json') {
    // A file has no form that a schema could check; that its field is one is enough.
    const form = [...(await sent.formData())].map(([name, value]) => [
      name,
      typeof value === 'string' ? value : '',
    ])
    return faultsOf(schema, Object.fromEntries(form), components, 'form')
  }
  const value = parseJson(await sent.text())
  return value === undefined
    ? ['the body is not JSON']
    : faultsOf(schema, value, components, 'body')
}

function answerFaults(
  operation: Operation,
  { status, mediaType, text }: { status: number; mediaType: string | null; text: string },
  components: Components,
): string[] {
  const documented = operation.responses[String(status)]
  if (!documented) return ['the status is not in the document']
  const answer = '$ref' in documented ? named(components.responses, documented.$ref) : documented
  const isEmpty = text === '' && mediaType === null
  if (!answer.content || answer['x-may-be-empty']) {
    if (isEmpty) return []
    if (!answer.content) return ['there is a body']
  }
  const schema = answer.content[mediaType ?? '']?.schema
  if (!schema) return [`media type ${mediaType} is not in the document`]
  const value = mediaType?.endsWith('json') ? parseJson(text) : text
  return value === undefined
    ? ['the body is not JSON']
    : faultsOf(closed(schema) as Schema, value, closedComponents(components), 'body')
}

function faultsOf(
  schema: Schema,
  value: unknown,
  { schemas }: Pick<Components, 'schemas'>,
  place: string,
): string[] {
  const whole = inDefinitions({ ...schema, $defs: schemas })
  const result = z.fromJSONSchema(whole as z.core.JSONSchema.JSONSchema).safeParse(value)
  if (result.success) return []
  return result.error.issues.map(({ path, message }) => `${[place, ...path].join('.')}: ${message}`)
}

/** `schema` so that what it does not name is a fault: whoever adds a field documents it. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed)
  if (typeof schema !== 'object' || schema === null) return schema
  const parts = Object.entries(schema).map(([key, part]) => [key, closed(part)] as const)
  const isOpen = 'properties' in schema && !('additionalProperties' in schema)
  return Object.fromEntries(isOpen ? [...parts, ['additionalProperties', false]] : parts)
}

function closedComponents({ schemas }: Components): Pick<Components, 'schemas'> {
  return { schemas: closed(schemas) as Components['schemas'] }
}

function inDefinitions(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(inDefinitions)
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key,
      key === '$ref'
        ? String(value).replace('#/components/schemas/', '#/$defs/')
        : inDefinitions(value),
    ]),
  )
}

function named<T>(table: Readonly<Record<string, T>>, reference: string): T {
  const found = table[reference.split('/').at(-1) ?? '']
  if (found) return found
  throw new Error(`${reference} leads nowhere`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
