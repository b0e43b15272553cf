import { z } from 'zod'
import {
  type ApiAnswer,
  type ApiAnswers,
  type ApiContent,
  type ApiOperation,
  mergeAnswers,
} from './api-operation.ts'

/** A value of JSON: what schemas and documents are made of. */
type Json = string | number | boolean | null | readonly Json[] | JsonMap
interface JsonMap {
  readonly [key: string]: Json
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: string
  readonly info: { readonly title: string; readonly version: string; readonly description: string }
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, JsonMap>>>>
  readonly components: JsonMap & { readonly schemas: JsonMap }
}

/**
 * The OpenAPI 3.1 document of `operations`. Schemas with an id (`.meta({ id })`) become components.
 * `everywhere` are answers that something in front of the services may give to any call.
 */
export function createOpenApi(
  info: { readonly title: string; readonly version: string; readonly description: string },
  operations: readonly ApiOperation[],
  everywhere: ApiAnswers = {},
): OpenApiDocument {
  const components = new Components()
  const paths = new Map<string, Record<string, JsonMap>>()
  const ids = new Set<string>()
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? {}
    const method = operation.method.toLowerCase()
    if (ids.has(operation.id) || method in methods) {
      throw new TypeError(`operation ${operation.id} is published twice`)
    }
    ids.add(operation.id)
    const rendered = renderOperation(operation, everywhere, components)
    paths.set(operation.path, { ...methods, [method]: rendered })
  }
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    paths: sorted(paths),
    components: {
      schemas: sorted(components.schemas),
      responses: sorted(components.responses),
      parameters: { Subaccount: subaccountHeader },
      securitySchemes,
    },
  }
}

/** What operations share: schemas by their ids, and error answers by what they say. */
class Components {
  readonly schemas = new Map<string, Json>()
  readonly responses = new Map<string, Json>()
  readonly #names = new Map<string, string>()

  /** A reference to `answer`, under a name made of its status phrase. */
  share(answer: JsonMap): JsonMap {
    const text = JSON.stringify(answer)
    let name = this.#names.get(text)
    if (name === undefined) {
      const phrase = String(answer['description']).replaceAll(/\W/g, '')
      name = phrase
      for (let next = 2; this.responses.has(name); next += 1) name = `${phrase}${next}`
      this.#names.set(text, name)
      this.responses.set(name, answer)
    }
    return { $ref: `#/components/responses/${name}` }
  }
}

const securitySchemes: JsonMap = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The admin token of the home, or an access token from /oauth/token (RFC 6750).',
  },
}

const subaccountHeader: JsonMap = {
  name: 'X-Twinlatch-Subaccount',
  in: 'header',
  description: 'Name or GUID of the subaccount an administrator acts in; dev without it.',
  required: false,
  schema: { type: 'string' },
}

function renderOperation(
  operation: ApiOperation,
  everywhere: ApiAnswers,
  components: Components,
): JsonMap {
  const { id, path, summary, access, query, headers, body } = operation
  const [, tag = ''] = path.split('/')
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...(query ? parametersOf(query, 'query', components) : []),
    ...(headers ? parametersOf(headers, 'header', components) : []),
    ...(access === 'public' ? [] : [{ $ref: '#/components/parameters/Subaccount' }]),
  ]
  const answers = mergeAnswers(operation.answers, everywhere)
  return {
    operationId: id,
    summary,
    tags: [tag],
    security: access === 'public' ? [] : [{ bearer: [] }],
    'x-access': access,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: renderContent(body, components) } } : {}),
    responses: renderAnswers(answers, components),
  }
}

function parametersOf(
  schema: z.ZodObject,
  place: 'query' | 'header',
  components: Components,
): JsonMap[] {
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: !(field as z.ZodType).safeParse(undefined).success,
    schema: renderSchema(field as z.ZodType, components),
  }))
}

function renderAnswers(answers: ApiAnswers, components: Components): JsonMap {
  return Object.fromEntries(
    Object.entries(answers).map(([status, answer]) => {
      const rendered = renderAnswer(answer, components)
      return [status, Number(status) >= 400 ? components.share(rendered) : rendered]
    }),
  )
}

function renderAnswer(
  { description, content, mayBeEmpty, headers = {} }: ApiAnswer,
  components: Components,
): JsonMap {
  const rendered = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ])
  return {
    description,
    ...(rendered.length > 0 ? { headers: Object.fromEntries(rendered) } : {}),
    ...(content ? { content: renderContent(content, components) } : {}),
    ...(mayBeEmpty ? { 'x-may-be-empty': true } : {}),
  }
}

function renderContent(content: ApiContent, components: Components): JsonMap {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [
      mediaType,
      { schema: renderSchema(schema, components) },
    ]),
  )
}

/** JSON Schema of what may be sent: the form before defaults and transformations. */
function renderSchema(schema: z.ZodType, components: Components): Json {
  const {
    $schema: _,
    $defs,
    ...root
  } = z.toJSONSchema(schema, {
    io: 'input',
    override({ zodSchema, jsonSchema }) {
      // Of TypeScript's `readonly`, which says nothing about the wire.
      if (zodSchema._zod.def.type === 'readonly') delete jsonSchema.readOnly
      // The format says it, and says it legibly.
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  })
  for (const [id, definition] of Object.entries($defs ?? {})) {
    components.schemas.set(id, inComponents(definition as Json))
  }
  return inComponents(root as Json)
}

function inComponents(part: Json): Json {
  if (Array.isArray(part)) return part.map(inComponents)
  if (typeof part !== 'object' || part === null) return part
  return Object.fromEntries(
    Object.entries(part).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('#/$defs/', '#/components/schemas/')
        : inComponents(value),
    ]),
  )
}

function sorted<T>(map: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}
