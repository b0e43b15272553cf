import { expect, test } from 'vitest'
import { z } from 'zod'
import { type ApiOperation, errorAnswers } from './api-operation.ts'
import { createOpenApi } from './openapi.ts'
import { problemDocument } from './problem.ts'

const info = { title: 'T', version: '1', description: 'D' }
const thing = z.object({ at: z.iso.datetime(), tags: z.array(z.string()).readonly() })

const operation: ApiOperation = {
  id: 'showThing',
  method: 'GET',
  path: '/things/{name}',
  summary: 'One thing.',
  access: 'caller',
  query: z.strictObject({
    limit: z.string().regex(/^\d+$/).transform(Number).optional(),
    must: z.string(),
  }),
  answers: {
    200: { description: 'It.', content: { 'application/json': thing } },
    ...errorAnswers({ 'application/problem+json': problemDocument }, [404, 429]),
  },
}

test('an operation is rendered with its parameters, answers and shared schemas', () => {
  const document = createOpenApi(info, [operation])
  const rendered = document.paths['/things/{name}']?.['get']
  expect(rendered?.['parameters']).toEqual([
    { name: 'name', in: 'path', required: true, schema: { type: 'string' } },
    { name: 'limit', in: 'query', required: false, schema: { type: 'string', pattern: '^\\d+$' } },
    { name: 'must', in: 'query', required: true, schema: { type: 'string' } },
    { $ref: '#/components/parameters/Subaccount' },
  ])
  expect(rendered?.['responses']).toMatchObject({
    200: {
      content: {
        'application/json': {
          schema: {
            properties: {
              at: { type: 'string', format: 'date-time' },
              tags: { type: 'array', items: { type: 'string' } },
            },
            required: ['at', 'tags'],
          },
        },
      },
    },
    404: { $ref: '#/components/responses/NotFound' },
    429: { $ref: '#/components/responses/TooManyRequests' },
  })
  expect(document.components['responses']).toMatchObject({
    NotFound: {
      description: 'Not Found',
      content: {
        'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
      },
    },
    TooManyRequests: { headers: { 'Retry-After': {} } },
  })
  expect(Object.keys(document.components.schemas)).toEqual(['Problem', 'ProblemItem'])
  expect(JSON.stringify(document)).not.toContain('readOnly')
})

test('whoever may answer in front of a service adds to what it answers itself', () => {
  const text = { description: 'In front.', content: { 'text/plain': z.string() } }
  const document = createOpenApi(info, [operation], { 404: text, 421: text })
  const responses = document.paths['/things/{name}']?.['get']?.['responses']
  expect(Object.keys(responses ?? {})).toEqual(['200', '404', '421', '429'])
  const shared = document.components['responses'] as Record<string, { content: object }>
  expect(Object.keys(shared['NotFound']?.content ?? {}).sort()).toEqual([
    'application/problem+json',
    'text/plain',
  ])
})

test('error answers that differ have names that differ, equal ones one name', () => {
  const other = { ...operation, id: 'other', path: '/others' }
  const sap = { ...errorAnswers({ 'application/json': thing }, [404]), 429: operation.answers[429] }
  const document = createOpenApi(info, [operation, { ...other, answers: sap as never }])
  expect(Object.keys(document.components['responses'] ?? {})).toEqual([
    'NotFound',
    'NotFound2',
    'TooManyRequests',
  ])
})

test('a public operation needs no token', () => {
  const open: ApiOperation = { ...operation, access: 'public' }
  const rendered = createOpenApi(info, [open]).paths['/things/{name}']?.['get']
  expect(rendered?.['security']).toEqual([])
})

test('two operations of one path and method, or of one id, are a mistake', () => {
  expect(() => createOpenApi(info, [operation, { ...operation, id: 'other' }])).toThrow(TypeError)
  expect(() => createOpenApi(info, [operation, { ...operation, path: '/other' }])).toThrow(
    TypeError,
  )
})
