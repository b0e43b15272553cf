import { createCaApp } from '@twinlatch/ca'
import {
  authenticateAdmin,
  createControlApp,
  type ExplanationFeed,
  guardControl,
  type ServerStatus,
} from '@twinlatch/control'
import { createDestinationsApp } from '@twinlatch/destinations'
import {
  createProblem,
  type Logger,
  type Metrics,
  problemResponse,
  type Secret,
} from '@twinlatch/kit'
import { authenticateByToken, createTokensApp } from '@twinlatch/tokens'
import { type Authenticate, callerOrResponse } from '@twinlatch/trust'
import { type Context, Hono } from 'hono'
import { createApiDocument, documentPath } from './api-document.ts'
import { combineAuthentication } from './authenticate.ts'
import { createAwayControl, unreachable } from './away-control.ts'
import { controlHosts } from './server-certificate.ts'
import type { CoreServices, PublishedServices } from './services.ts'

export interface ControlAppDeps {
  readonly services: CoreServices & PublishedServices
  readonly adminToken: Secret
  readonly port: number
  readonly log: Logger
  readonly metrics: Metrics
  status(): ServerStatus
}

/** Host names and addresses that the control listener answers for; any other is 421. */
const answeredHosts = [...controlHosts, '127.0.0.1', '[::1]']

/** All APIs of the control listener behind its guard: every service serves its own nouns. */
export function createServerApp(deps: ControlAppDeps): Hono {
  const { services, adminToken, port, log, metrics, status } = deps
  const { control, ca, tokens, destinations } = services
  const authenticate = combineAuthentication(
    authenticateAdmin(adminToken, control.subaccounts),
    authenticateByToken(tokens),
  )
  return new Hono()
    .use(guardControl({ hosts: answeredHosts, port }))
    .get(documentPath, documentRoute(authenticate))
    .route('/', createTokensApp({ service: tokens, authenticate, log, metrics }))
    .route('/', createDestinationsApp({ service: destinations, authenticate, log }))
    .route('/', createCaApp({ ca, authenticate, log }))
    .route('/', createControlApp({ control, authenticate, status, log }))
    .notFound((c) =>
      problemResponse(createProblem(404, `There is nothing at ${new URL(c.req.url).pathname}.`)),
    )
}

/**
 * What answers while the database was not reached since the start: status and explanations, for the
 * administrator, and 503 with its reason for everything else.
 */
export function createAwayApp({
  explanations,
  adminToken,
  port,
  log,
  status,
}: Omit<ControlAppDeps, 'services' | 'metrics'> & { explanations: ExplanationFeed }): Hono {
  const control = createAwayControl(explanations)
  const authenticate = combineAuthentication(
    authenticateAdmin(adminToken, control.subaccounts),
    () => Promise.reject(unreachable()),
  )
  const { code, message } = unreachable()
  return new Hono()
    .use(guardControl({ hosts: answeredHosts, port }))
    .route('/', createControlApp({ control, authenticate, status, log }))
    .notFound(() => problemResponse(createProblem(503, message, { code })))
}

/** See `createApiDocument`; rendered when it is first asked for, and the same for everybody. */
function documentRoute(authenticate: Authenticate) {
  let text: string | undefined
  return async (c: Context) => {
    const caller = await callerOrResponse(authenticate, c.req.raw, 'problem')
    if (caller instanceof Response) return caller
    text ??= JSON.stringify(createApiDocument())
    return c.body(text, 200, { 'content-type': 'application/json' })
  }
}
