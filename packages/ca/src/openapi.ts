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
import {
  authorityBody,
  certificateDetails,
  certificateSummary,
  issuedCertificate,
  keystoreReport,
} from './http-answers.ts'
import { keystoreForm, listQuery, orderBody, orderHeaders } from './http-schemas.ts'

const operations: readonly ApiOperation[] = [
  {
    id: 'listAuthorities',
    method: 'GET',
    path: '/ca/authorities',
    summary: 'The authorities of this installation.',
    access: 'caller',
    answers: { 200: json('The authorities.', z.array(authorityBody)) },
  },
  {
    id: 'showAuthorityBundle',
    method: 'GET',
    path: '/ca/authorities/{name}/bundle.pem',
    summary: 'The root of an authority: what a server trusts.',
    access: 'caller',
    answers: { 200: pem(), ...problems(404) },
  },
  {
    id: 'showAuthorityChain',
    method: 'GET',
    path: '/ca/authorities/{name}/chain.pem',
    summary: 'The issuing certificate of an authority and its root.',
    access: 'caller',
    answers: { 200: pem(), ...problems(404) },
  },
  {
    id: 'listRoots',
    method: 'GET',
    path: '/ca/roots.pem',
    summary: 'The roots of all authorities.',
    access: 'caller',
    answers: { 200: pem() },
  },
  {
    id: 'orderCertificate',
    method: 'POST',
    path: '/ca/certificates',
    summary: 'A certificate with its key, which is handed out once.',
    access: 'admin',
    headers: orderHeaders,
    body: { 'application/json': orderBody },
    answers: {
      200: json('One that is there already (ifMissing), without its key.', issuedCertificate),
      201: json('A fresh one.', issuedCertificate),
      ...problems(400, 403, 409, 413, 422, 429),
    },
  },
  {
    id: 'listCertificates',
    method: 'GET',
    path: '/ca/certificates',
    summary: 'The certificates of the subaccount.',
    access: 'caller',
    query: listQuery,
    answers: { 200: json('Their stored facts.', z.array(certificateSummary)), ...problems(400) },
  },
  {
    id: 'showCertificate',
    method: 'GET',
    path: '/ca/certificates/{handle}',
    summary: 'One certificate by id, serial or name (the newest of that name).',
    access: 'caller',
    answers: { 200: json('It with its chain.', certificateDetails), ...problems(404) },
  },
  {
    id: 'inspectKeystore',
    method: 'POST',
    path: '/ca/keystores/inspect',
    summary: 'What is in a keystore, and what is wrong with it. Nothing is stored.',
    access: 'caller',
    body: { 'multipart/form-data': keystoreForm },
    answers: { 200: json('The report.', keystoreReport), ...problems(400, 413, 429) },
  },
]

/** The operations of `createCaApp` that are built, by the schemas that its routes parse with. */
export const openApi: readonly ApiOperation[] = operations.map((operation) => ({
  ...operation,
  answers: mergeAnswers(operation.answers, problems(401, 500, 503)),
}))

function json(description: string, schema: z.ZodType): ApiAnswer {
  return { description, content: { 'application/json': schema } }
}

function pem(): ApiAnswer {
  return { description: 'PEM.', content: { 'application/x-pem-file': z.string() } }
}

function problems(...statuses: number[]): ApiAnswers {
  return errorAnswers({ [problemMediaType]: problemDocument }, statuses)
}
