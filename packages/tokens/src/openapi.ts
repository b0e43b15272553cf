import {
  type ApiAnswer,
  type ApiAnswers,
  type ApiOperation,
  errorAnswers,
  mergeAnswers,
  problemDocument,
  problemMediaType,
} from '@twinlatch/kit'
import { z } from 'zod'
import { vcapService } from './binding.ts'
import { bindingOrder } from './binding-order.ts'
import { tokenForm } from './form.ts'
import {
  bindingBody,
  discoveryBody,
  keySetBody,
  oauthErrorBody,
  tokenBody,
} from './http-answers.ts'

const root: readonly ApiOperation[] = [
  {
    id: 'showDiscovery',
    method: 'GET',
    path: '/.well-known/openid-configuration',
    summary: 'What the token service can do, and where.',
    access: 'public',
    answers: { 200: json('The metadata.', discoveryBody) },
  },
  {
    id: 'listTokenKeys',
    method: 'GET',
    path: '/token_keys',
    summary: 'The keys that sign access tokens.',
    access: 'public',
    query: z.object({
      zid: z.string().optional().meta({ description: 'Changes nothing: all share the keys.' }),
    }),
    answers: { 200: json('A JWK set.', keySetBody) },
  },
  {
    id: 'issueToken',
    method: 'POST',
    path: '/oauth/token',
    summary:
      'An access token. Clients authenticate in the form, or by HTTP Basic (RFC 6749 section 2.3).',
    access: 'public',
    headers: z.object({
      Authorization: z.string().optional().meta({ description: 'Basic, instead of the form.' }),
      'X-Zid': z.guid().optional().meta({ description: 'The subaccount that is meant.' }),
    }),
    body: { 'application/x-www-form-urlencoded': tokenForm },
    answers: { 200: json('The token.', tokenBody), ...oauthErrors(400, 401, 413, 429) },
  },
]

const bindings: readonly ApiOperation[] = [
  {
    id: 'listBindings',
    method: 'GET',
    path: '/api/bindings',
    summary: 'The bindings of the subaccount.',
    access: 'admin',
    answers: { 200: json('Them, without credentials.', z.array(bindingBody)) },
  },
  {
    id: 'createBinding',
    method: 'POST',
    path: '/api/bindings',
    summary: 'A binding with a client of its own.',
    access: 'admin',
    body: { 'application/json': bindingOrder },
    answers: {
      201: json('It, without credentials.', bindingBody),
      ...problems(400, 409, 413, 422),
    },
  },
  {
    id: 'showBinding',
    method: 'GET',
    path: '/api/bindings/{name}',
    summary: 'The credentials of a binding, in the clear. Audited.',
    access: 'admin',
    answers: { 200: json('It.', z.object({ service: vcapService })), ...problems(404) },
  },
  {
    id: 'deleteBinding',
    method: 'DELETE',
    path: '/api/bindings/{name}',
    summary: 'Removes a binding; its tokens are worth nothing from then on.',
    access: 'admin',
    answers: { 204: { description: 'It is gone.' }, ...problems(404) },
  },
]

/** The operations of `createTokensApp`, by the schemas that its routes parse with. */
export const openApi: readonly ApiOperation[] = [
  ...root.map((operation) => ({
    ...operation,
    answers: mergeAnswers(operation.answers, oauthErrors(500, 503)),
  })),
  ...bindings.map((operation) => ({
    ...operation,
    answers: mergeAnswers(operation.answers, problems(401, 403, 500, 503)),
  })),
]

function json(description: string, schema: z.ZodType): ApiAnswer {
  return { description, content: { 'application/json': schema } }
}

function problems(...statuses: number[]): ApiAnswers {
  return errorAnswers({ [problemMediaType]: problemDocument }, statuses)
}

function oauthErrors(...statuses: number[]): ApiAnswers {
  return errorAnswers({ 'application/json': oauthErrorBody }, statuses)
}
