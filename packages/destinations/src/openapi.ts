import {
  type ApiAnswer,
  type ApiAnswers,
  type ApiOperation,
  errorAnswers,
  mergeAnswers,
} from '@twinlatch/kit'
import { z } from 'zod'
import { certificateBody } from './certificate-entry.ts'
import { destinationBody } from './destination.ts'
import {
  bulkAnswer,
  bulkDeleteAnswer,
  certificateAnswer,
  countAnswer,
  destinationAnswer,
  findAnswer,
  findV2Answer,
  nameAnswer,
  publicKeyAnswer,
  sapError,
} from './http-answers.ts'
import type { LevelName } from './level.ts'
import { destinationLimits } from './limits.ts'
import { findQuery, findV2Query, listQuery } from './list-query.ts'

const base = '/destination-configuration'

const conditions = z.object({
  'If-Match': z.string().optional(),
  'If-None-Match': z.string().optional(),
})

const bulkDeleteQuery = z.object({
  $filter: z.string().meta({ description: "Name in ('a', 'b')" }),
})

const etag = { ETag: 'Changes with the answer.' }
const conditional: ApiAnswers = { 304: { description: 'Not changed.' }, ...errors(412) }

const find: readonly ApiOperation[] = [
  {
    id: 'findDestination',
    method: 'GET',
    path: `${base}/v1/destinations/{name}`,
    summary: 'Find: a destination with its certificates and tokens, instance level first.',
    access: 'caller',
    query: findQuery,
    headers: conditions,
    answers: { 200: json('The destination.', findAnswer, etag), ...conditional, ...errors(404) },
  },
  {
    id: 'findDestinationV2',
    method: 'GET',
    path: `${base}/v2/destinations/{reference}`,
    summary: 'Find on one level: name@subaccount, or name@instance, which is the default.',
    access: 'caller',
    query: findV2Query,
    headers: conditions,
    answers: { 200: json('The destination.', findV2Answer, etag), ...conditional, ...errors(404) },
  },
]

/** The operations of one collection: the same for both nouns and both levels (section 2). */
function collection(
  level: LevelName,
  noun: 'Destination' | 'Certificate',
  { body, answer }: { body: z.ZodType; answer: z.ZodType },
): readonly ApiOperation[] {
  const path = `${base}/v1/${level}${noun}s`
  const of = `${level === 'subaccount' ? 'Subaccount' : 'Instance'}${noun}`
  const items = `${noun.toLowerCase()}s on ${level} level`
  const bodies = {
    'application/json': z.union([body, z.array(body).max(destinationLimits.bulkEntriesMax)]),
  }
  const mixed = json('Of a bulk call: some were refused.', bulkAnswer)
  return [
    {
      id: `list${of}s`,
      method: 'GET',
      path,
      summary: `All ${items}, or a page of them.`,
      access: 'caller',
      query: listQuery,
      answers: {
        200: json('Them.', z.array(z.union([answer, nameAnswer])), {
          'Page-Count': 'With $pageCount=true.',
          'Entity-Count': 'With $entityCount=true.',
          Link: 'The pages before and after this one.',
        }),
        ...errors(429),
      },
    },
    {
      id: `create${of}`,
      method: 'POST',
      path,
      summary: `Creates one of the ${items}, or several.`,
      access: 'caller',
      body: bodies,
      answers: {
        201: {
          ...json('Done; with a body for a bulk call only.', bulkAnswer),
          mayBeEmpty: true,
        },
        207: mixed,
        ...errors(409, 413),
      },
    },
    {
      id: `replace${of}`,
      method: 'PUT',
      path,
      summary: `Overwrites one of the ${items}, or several; the name is in the body.`,
      access: 'caller',
      body: bodies,
      answers: {
        200: json('Done.', z.union([countAnswer, bulkAnswer])),
        207: mixed,
        ...errors(404, 413),
      },
    },
    {
      id: `delete${of}s`,
      method: 'DELETE',
      path,
      summary: `Deletes the ${items} that the filter names.`,
      access: 'caller',
      query: bulkDeleteQuery,
      answers: { 200: json('What became of each.', bulkDeleteAnswer) },
    },
    {
      id: `show${of}`,
      method: 'GET',
      path: `${path}/{name}`,
      summary: `One of the ${items}.`,
      access: 'caller',
      headers: conditions,
      answers: { 200: json('It.', answer, etag), ...conditional, ...errors(404) },
    },
    {
      id: `delete${of}`,
      method: 'DELETE',
      path: `${path}/{name}`,
      summary: `Deletes one of the ${items}.`,
      access: 'caller',
      answers: { 200: json('Done.', countAnswer), ...errors(404) },
    },
    ...(noun === 'Certificate' ? [publicKeys(path, of)] : []),
  ]
}

function publicKeys(path: string, of: string): ApiOperation {
  return {
    id: `list${of}PublicKeys`,
    method: 'GET',
    path: `${path}/{name}/publicKeys`,
    summary: 'The public keys of a keystore that needs no password.',
    access: 'caller',
    headers: conditions,
    answers: {
      200: json('One for each key.', z.array(publicKeyAnswer), etag),
      ...conditional,
      ...errors(404, 429),
    },
  }
}

const destinations = { body: destinationBody, answer: destinationAnswer }
const certificates = { body: certificateBody, answer: certificateAnswer }

/** The operations of `createDestinationsApp` that are built, by the schemas its routes parse with. */
export const openApi: readonly ApiOperation[] = [
  ...find,
  ...collection('subaccount', 'Destination', destinations),
  ...collection('instance', 'Destination', destinations),
  ...collection('subaccount', 'Certificate', certificates),
  ...collection('instance', 'Certificate', certificates),
].map((operation) => ({
  ...operation,
  answers: mergeAnswers(operation.answers, errors(400, 401, 403, 414, 500, 503)),
}))

function json(
  description: string,
  schema: z.ZodType,
  headers: Readonly<Record<string, string>> = {},
): ApiAnswer {
  return { description, content: { 'application/json': schema }, headers }
}

function errors(...statuses: number[]): ApiAnswers {
  return errorAnswers({ 'application/json': sapError }, statuses)
}
