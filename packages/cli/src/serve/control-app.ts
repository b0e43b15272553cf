import { createCaApp } from '@twinlatch/ca'
import {
  authenticateAdmin,
  createControlApp,
  guardControl,
  type JsonObject,
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
import { Hono } from 'hono'
import { combineAuthentication } from './authenticate.ts'
import { controlHosts } from './server-certificate.ts'
import type { CoreServices, PublishedServices } from './services.ts'

export interface ControlAppDeps {
  readonly services: CoreServices & PublishedServices
  readonly adminToken: Secret
  readonly port: number
  readonly log: Logger
  readonly metrics: Metrics
  status(): JsonObject
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
    .route('/', createTokensApp({ service: tokens, authenticate, log, metrics }))
    .route('/', createDestinationsApp({ service: destinations, authenticate, log }))
    .route('/', createCaApp({ ca, authenticate, log }))
    .route('/', createControlApp({ control, authenticate, status, log }))
    .notFound((c) =>
      problemResponse(createProblem(404, `There is nothing at ${new URL(c.req.url).pathname}.`)),
    )
}
