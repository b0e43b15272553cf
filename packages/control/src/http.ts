import {
  createProblem,
  type Logger,
  newRequestId,
  type ProblemItem,
  problemResponse,
} from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import { type Authenticate, type Caller, callerOrResponse } from '@twinlatch/trust'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import type { auditRecordBody, changeReportBody, ServerStatus, subaccountBody } from './answers.ts'
import { ControlError, type ControlErrorCode } from './errors.ts'
import type { explanationBody, foundExplanationBody } from './explanation-body.ts'
import { controlLimits } from './limits.ts'
import {
  auditQuery,
  documentsQuery,
  documentsRequest,
  emptyQuery,
  explanationsQuery,
  subaccountRequest,
} from './requests.ts'
import type { Control } from './service.ts'
import type { Actor } from './subaccount.ts'

const statusOf = {
  'control/malformed-request': 400,
  'control/invalid-request': 422,
  'control/body-too-large': 413,
  'control/admin-only': 403,
  'control/subaccount-name': 422,
  'control/subaccount-exists': 409,
  'control/too-many-subaccounts': 422,
  'control/invalid-documents': 422,
  'control/damaged-document': 500,
  'control/unknown-explanation': 404,
} as const satisfies Record<ControlErrorCode, number>

/** Other services serve their own nouns below `/api`, behind their own door. */
const ownPaths = [
  '/api/apply',
  '/api/delete',
  '/api/documents',
  '/api/explanations/*',
  '/api/subaccounts',
  '/api/audit',
  '/api/status',
] as const

/** What `openApi` says of an answer, so that a route cannot give another one. */
type Body<Schema extends z.ZodType> = z.infer<Schema>

type Env = { Variables: { caller: Caller } }

/** What the control API needs. `status` is the server's own account of itself. */
export interface ControlAppDeps {
  readonly control: Control
  readonly authenticate: Authenticate
  readonly status: () => ServerStatus | Promise<ServerStatus>
  readonly log: Logger
}

/**
 * The nouns of `/api` that belong to no other service (architecture.md, "Who owns /api"). Only
 * admins are let in: an application's binding opens its service, not the house.
 */
export function createControlApp(deps: ControlAppDeps): Hono<Env> {
  const { control, status } = deps
  const app = new Hono<Env>()
  for (const path of ownPaths) app.use(path, admit(deps.authenticate))
  return app
    .use('/api/apply', limitBody(controlLimits.applyBodyBytesMax))
    .use('/api/delete', limitBody(controlLimits.applyBodyBytesMax))
    .use('/api/subaccounts', limitBody(controlLimits.bodyBytesMax))
    .post('/api/apply', async (c) => {
      const change = await bodyOf(c, documentsRequest)
      return c.json<Body<typeof changeReportBody>>(
        await control.documents.apply(change, actorOf(c)),
      )
    })
    .post('/api/delete', async (c) => {
      const change = await bodyOf(c, documentsRequest)
      return c.json<Body<typeof changeReportBody>>(
        await control.documents.delete(change, actorOf(c)),
      )
    })
    .get('/api/documents', async (c) => {
      const filter = queryOf(c, documentsQuery)
      return c.json(await control.documents.list(c.var.caller.subaccountId, filter))
    })
    .get('/api/explanations', (c) => {
      const { last, refused, since, limit, ...filter } = queryOf(c, explanationsQuery)
      const records = control.explanations.list(c.var.caller.subaccountId, {
        ...filter,
        outcome: last === 'denied' ? 'denied' : undefined,
        beforeHttp: refused === 'handshake',
        ...since,
        limit: limit ?? (last ? 1 : undefined),
      })
      return c.json<Body<typeof explanationBody>[]>(records)
    })
    .get('/api/explanations/:id', (c) => {
      queryOf(c, emptyQuery)
      const id = c.req.param('id')
      const found = control.explanations.find(c.var.caller.subaccountId, id)
      if (found) return c.json<Body<typeof foundExplanationBody>>(found)
      throw new ControlError('control/unknown-explanation', 'There is no record with this id.')
    })
    .get('/api/subaccounts', async (c) => {
      queryOf(c, emptyQuery)
      return c.json<Body<typeof subaccountBody>[]>(await control.subaccounts.list())
    })
    .post('/api/subaccounts', async (c) => {
      const { name } = await bodyOf(c, subaccountRequest)
      return c.json<Body<typeof subaccountBody>>(
        await control.subaccounts.create(name, actorOf(c)),
        201,
      )
    })
    .get('/api/audit', async (c) => {
      const { limit } = queryOf(c, auditQuery)
      const options = limit === undefined ? {} : { limit }
      return c.json<Body<typeof auditRecordBody>[]>(
        await control.audit.list(c.var.caller.subaccountId, options),
      )
    })
    .get('/api/status', async (c) => c.json<ServerStatus>(await status()))
    .onError((error) => renderProblem(error, deps.log))
}

function admit(authenticate: Authenticate) {
  return async (c: Context<Env>, next: () => Promise<void>) => {
    const caller = await callerOrResponse(authenticate, c.req.raw, 'problem')
    if (caller instanceof Response) return caller
    if (caller.kind !== 'admin') {
      throw new ControlError('control/admin-only', 'This API is for admins only.')
    }
    c.set('caller', caller)
    return next()
  }
}

function limitBody(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError() {
      throw new ControlError(
        'control/body-too-large',
        `The body may have ${maxSize} bytes at most.`,
      )
    },
  })
}

function actorOf(c: Context<Env>): Actor {
  const { subaccountId, name } = c.var.caller
  return { subaccountId, actor: name }
}

async function bodyOf<T>(c: Context<Env>, schema: z.ZodType<T>): Promise<T> {
  const text = await c.req.text()
  try {
    return parse(schema, JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new ControlError('control/malformed-request', 'The body is not JSON.', { cause: error })
  }
}

/** A parameter given twice is an array and fits no schema: nobody guesses which one was meant. */
function queryOf<T>(c: Context<Env>, schema: z.ZodType<T>): T {
  const values = Object.entries(c.req.queries())
  const query = values.map(([name, all]) => [name, all.length === 1 ? all[0] : all])
  return parse(schema, Object.fromEntries(query))
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = tryParse(schema, value)
  if (result === null) {
    throw new ControlError('control/invalid-request', 'The request has a value of no known kind.')
  }
  if (result.success) return result.data
  const items = result.error.issues.map((issue): ProblemItem => {
    const steps = issue.path.map((step) =>
      typeof step === 'number' ? `[${step}]` : `.${String(step)}`,
    )
    return { path: `$${steps.join('')}`, message: issue.message }
  })
  throw new ControlError('control/invalid-request', 'The request has faults.', { items })
}

/** The library measures whatever has a `length`, a text or not: one that is no number throws. */
function tryParse<T>(schema: z.ZodType<T>, value: unknown) {
  try {
    return schema.safeParse(value)
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
  }
}

function renderProblem(error: unknown, log: Logger): Response {
  if (error instanceof ControlError && statusOf[error.code] < 500) {
    const { code, items } = error
    const errors = items.length > 0 ? { errors: items } : {}
    return problemResponse(createProblem(statusOf[code], error.message, { code, ...errors }))
  }
  if (isStoreUnavailable(error)) {
    log.warn({ event: 'store.unavailable', code: error.code, err: error }, 'the store is away')
    return problemResponse(createProblem(503, error.message, { code: error.code }))
  }
  const instance = `urn:uuid:${newRequestId()}`
  log.error({ event: 'request.failed', instance, err: error }, 'request failed')
  return problemResponse(createProblem(500, 'Something went wrong here.', { instance }))
}
