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
  auditRecordBody,
  changeReportBody,
  documentBody,
  serverStatusBody,
  subaccountBody,
} from './answers.ts'
import { explanationBody, foundExplanationBody } from './explanation-body.ts'
import {
  auditQuery,
  documentsQuery,
  documentsRequest,
  emptyQuery,
  explanationsQuery,
  subaccountRequest,
} from './requests.ts'

const operations: readonly ApiOperation[] = [
  {
    id: 'applyDocuments',
    method: 'POST',
    path: '/api/apply',
    summary: 'Creates or changes all documents of the files, or none.',
    access: 'admin',
    body: json(documentsRequest),
    answers: { 200: answer('What was done.', changeReportBody), ...problems(400, 413, 422) },
  },
  {
    id: 'deleteDocuments',
    method: 'POST',
    path: '/api/delete',
    summary: 'Deletes all documents of the files, or none.',
    access: 'admin',
    body: json(documentsRequest),
    answers: { 200: answer('What was done.', changeReportBody), ...problems(400, 413, 422) },
  },
  {
    id: 'listDocuments',
    method: 'GET',
    path: '/api/documents',
    summary: 'The applied documents of the subaccount.',
    access: 'admin',
    query: documentsQuery,
    answers: { 200: answer('Their bodies.', z.array(documentBody)), ...problems(422) },
  },
  {
    id: 'listExplanations',
    method: 'GET',
    path: '/api/explanations',
    summary: 'Why calls were allowed or refused, newest first.',
    access: 'admin',
    query: explanationsQuery,
    answers: { 200: answer('The records.', z.array(explanationBody)), ...problems(422) },
  },
  {
    id: 'showExplanation',
    method: 'GET',
    path: '/api/explanations/{id}',
    summary: 'One record and those of the same chain of calls.',
    access: 'admin',
    query: emptyQuery,
    answers: { 200: answer('The record.', foundExplanationBody), ...problems(404, 422) },
  },
  {
    id: 'listSubaccounts',
    method: 'GET',
    path: '/api/subaccounts',
    summary: 'All subaccounts.',
    access: 'admin',
    query: emptyQuery,
    answers: { 200: answer('The subaccounts.', z.array(subaccountBody)), ...problems(422) },
  },
  {
    id: 'createSubaccount',
    method: 'POST',
    path: '/api/subaccounts',
    summary: 'A new subaccount.',
    access: 'admin',
    body: json(subaccountRequest),
    answers: { 201: answer('The subaccount.', subaccountBody), ...problems(400, 409, 413, 422) },
  },
  {
    id: 'listAudit',
    method: 'GET',
    path: '/api/audit',
    summary: 'The audit log of the subaccount, newest first.',
    access: 'admin',
    query: auditQuery,
    answers: { 200: answer('The lines.', z.array(auditRecordBody)), ...problems(422) },
  },
  {
    id: 'showStatus',
    method: 'GET',
    path: '/api/status',
    summary: 'How this server is doing.',
    access: 'admin',
    answers: { 200: answer('Its account of itself.', serverStatusBody) },
  },
]

/** The operations of `createControlApp`, by the schemas that its routes parse with. */
export const openApi: readonly ApiOperation[] = operations.map((operation) => ({
  ...operation,
  answers: mergeAnswers(operation.answers, problems(401, 403, 500, 503)),
}))

/** What the guard in front of all services may answer, whatever they speak. */
export const guardAnswers: ApiAnswers = problems(403, 421)

function json(schema: z.ZodType) {
  return { 'application/json': schema }
}

function answer(description: string, schema: z.ZodType): ApiAnswer {
  return { description, content: json(schema) }
}

function problems(...statuses: number[]): ApiAnswers {
  return errorAnswers({ [problemMediaType]: problemDocument }, statuses)
}
