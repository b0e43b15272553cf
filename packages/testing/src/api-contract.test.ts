import { expect, test } from 'vitest'
import { createApiContract } from './api-contract.ts'

const thing = {
  type: 'object',
  properties: { id: { type: 'string' }, tag: { $ref: '#/components/schemas/Tag' } },
  required: ['id'],
}
const document = {
  paths: {
    '/things/{name}': {
      get: {
        operationId: 'showThing',
        parameters: [
          { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'limit', in: 'query', schema: { type: 'string', pattern: '^\\d+$' } },
        ],
        responses: {
          200: { content: { 'application/json': { schema: thing } } },
          404: { $ref: '#/components/responses/NotFound' },
        },
      },
    },
    '/things': {
      post: {
        operationId: 'createThing',
        requestBody: {
          content: { 'application/json': { schema: { ...thing, additionalProperties: false } } },
        },
        responses: { 201: {} },
      },
    },
  },
  components: {
    schemas: { Tag: { type: 'object', properties: { n: { type: 'integer' } } } },
    responses: { NotFound: { content: { 'text/plain': { schema: { type: 'string' } } } } },
    parameters: {},
  },
}

const json = (value: unknown, status = 200) => Response.json(value, { status })
const call = (
  answer: Response,
  path = '/things/a',
  init: RequestInit = { method: 'GET' },
  requests?: 'right' | 'mistaken',
) => createApiContract(document).fetch(async () => answer, requests)(`http://x${path}`, init)

const post = (body: unknown): RequestInit => ({
  method: 'POST',
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json' },
})

test('what keeps to the document passes, and is counted', async () => {
  const contract = createApiContract(document)
  const fetch = contract.fetch(async () => json({ id: 'a', tag: { n: 1 } }))
  const response = await fetch('http://x/things/a?limit=5', { method: 'GET' })
  expect(await response.json()).toEqual({ id: 'a', tag: { n: 1 } })
  expect(contract.calls).toEqual([{ operation: 'showThing', status: 200 }])
  await call(new Response('none', { status: 404 }))
  await call(new Response(null, { status: 201 }), '/things', post({ id: 'a' }))
})

test.each<[string, () => Promise<Response>, RegExp]>([
  ['an unknown path', () => call(json({}), '/other'), /not in the document/],
  [
    'an unknown method',
    () => call(json({}), '/things/a', { method: 'PUT' }),
    /not in the document/,
  ],
  ['an unknown parameter', () => call(json({ id: 'a' }), '/things/a?x=1'), /parameter x/],
  ['a parameter that does not fit', () => call(json({ id: 'a' }), '/things/a?limit=x'), /limit/],
  ['a body that does not fit', () => call(json({}), '/things', post({ id: 1 })), /body\.id/],
  [
    'a field of a body that is not named',
    () => call(json({}), '/things', post({ id: '', b: 1 })),
    /body/,
  ],
  ['no body', () => call(json({}), '/things', { method: 'POST' }), /the body is missing/],
  ['an unknown status', () => call(json({}, 500)), /answer 500: the status/],
  ['another media type', () => call(new Response('{}')), /media type/],
  ['an answer that does not fit', () => call(json({ id: 1 })), /body\.id/],
  ['an answer without a field', () => call(json({})), /body\.id/],
  ['a field of an answer that is not named', () => call(json({ id: 'a', secret: 1 })), /secret/],
  ['and one below a reference', () => call(json({ id: 'a', tag: { x: 1 } })), /tag/],
  ['an answer that is not JSON', () => call(new Response('{', json({}))), /not JSON/],
  [
    'a mistaken request that the document allows',
    () => call(json({ id: 'a' }), '/things/a', { method: 'GET' }, 'mistaken'),
    /the document allows/,
  ],
])('%s is a fault', async (_name, made, message) => {
  await expect(made()).rejects.toThrow(message)
})

test('a mistaken request is sent, and its answer is held to the document', async () => {
  const refused = new Response('no', { status: 404 })
  await call(refused, '/things/a?limit=x', { method: 'GET' }, 'mistaken')
})
