import { openApi as ca } from '@twinlatch/ca'
import { openApi as control, guardAnswers } from '@twinlatch/control'
import { openApi as destinations } from '@twinlatch/destinations'
import {
  type ApiOperation,
  createOpenApi,
  errorAnswers,
  type OpenApiDocument,
  problemDocument,
  problemMediaType,
} from '@twinlatch/kit'
import { openApi as tokens } from '@twinlatch/tokens'
import { z } from 'zod'
import { programVersion } from '../version.ts'

/** Where the document is served. */
export const documentPath = '/api/openapi.json'

const problem = { [problemMediaType]: problemDocument }

/**
 * The document about itself. It needs a token like everything else: it tells a stranger the exact
 * version and every route, nothing needs it without a token, and who has none reads it in
 * `docs/reference`.
 */
const document: ApiOperation = {
  id: 'showOpenApi',
  method: 'GET',
  path: documentPath,
  summary: 'This document.',
  access: 'caller',
  answers: {
    200: {
      description: 'OpenAPI 3.1.',
      content: {
        'application/json': z.looseObject({
          openapi: z.literal('3.1.0'),
          info: z.looseObject({ title: z.string(), version: z.string() }),
          paths: z.record(z.string(), z.unknown()),
        }),
      },
    },
    ...errorAnswers(problem, [401, 500, 503]),
  },
}

/** The OpenAPI document of the control listener: what every service publishes of itself, merged. */
export function createApiDocument(): OpenApiDocument {
  return createOpenApi(
    {
      title: 'Twinlatch',
      version: programVersion(),
      description:
        'The APIs of the control listener. Errors are problem documents (RFC 9457); the destination service answers as SAP does, the token endpoint as RFC 6749 says.',
    },
    [...control, ...ca, ...destinations, ...tokens, document],
    // While the server starts, nothing else is answered.
    { ...guardAnswers, ...errorAnswers(problem, [503]) },
  )
}
