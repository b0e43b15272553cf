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
  const schemas = new Map<string, Json>()
  const paths = new Map<string, Record<string, JsonMap>>()
  const ids = new Set<string>()
  for (const operation of operations) {
    const methods = paths.get(operation.path) ?? {}
    const method = operation.method.toLowerCase()
    if (ids.has(operation.id) || method in methods) {
      throw new TypeError(`operation ${operation.id} is published twice`)
    }
    ids.add(operation.id)
    paths.set(operation.path, {
      ...methods,
      [method]: renderOperation(operation, everywhere, schemas),
    })
  }
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/' }],
    paths: sorted(paths),
    components: { schemas: sorted(schemas), securitySchemes },
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
  schemas: Map<string, Json>,
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
    ...(query ? parametersOf(query, 'query', schemas) : []),
    ...(headers ? parametersOf(headers, 'header', schemas) : []),
    ...(access === 'public' ? [] : [subaccountHeader]),
  ]
  const answers = mergeAnswers(operation.answers, everywhere)
  return {
    operationId: id,
    summary,
    tags: [tag],
    security: access === 'public' ? [] : [{ bearer: [] }],
    'x-access': access,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: renderContent(body, schemas) } } : {}),
    responses: Object.fromEntries(
      Object.entries(answers).map(([status, answer]) => [status, renderAnswer(answer, schemas)]),
    ),
  }
}

function parametersOf(
  schema: z.ZodObject,
  place: 'query' | 'header',
  schemas: Map<string, Json>,
): JsonMap[] {
  return Object.entries(schema.shape).map(([name, field]) => ({
    name,
    in: place,
    required: !(field as z.ZodType).safeParse(undefined).success,
    schema: renderSchema(field as z.ZodType, schemas),
  }))
}

function renderAnswer(
  { description, content, mayBeEmpty, headers = {} }: ApiAnswer,
  schemas: Map<string, Json>,
): JsonMap {
  const rendered = Object.entries(headers).map(([name, text]) => [
    name,
    { description: text, schema: { type: 'string' } },
  ])
  return {
    description,
    ...(rendered.length > 0 ? { headers: Object.fromEntries(rendered) } : {}),
    ...(content ? { content: renderContent(content, schemas) } : {}),
    ...(mayBeEmpty ? { 'x-may-be-empty': true } : {}),
  }
}

function renderContent(content: ApiContent, schemas: Map<string, Json>): JsonMap {
  return Object.fromEntries(
    Object.entries(content).map(([mediaType, schema]) => [
      mediaType,
      { schema: renderSchema(schema, schemas) },
    ]),
  )
}

/** JSON Schema of what may be sent: the form before defaults and transformations. */
function renderSchema(schema: z.ZodType, schemas: Map<string, Json>): Json {
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
    schemas.set(id, inComponents(definition as Json))
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
