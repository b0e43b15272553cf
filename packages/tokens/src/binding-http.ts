import { createProblem, type Logger, newRequestId, problemResponse } from '@twinlatch/kit'
import { isStoreUnavailable } from '@twinlatch/store'
import { type Authenticate, type Caller, callerOrResponse } from '@twinlatch/trust'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { z } from 'zod'
import type { Binding } from './binding.ts'
import { parseBindingOrder } from './binding-order.ts'
import { TokensError, type TokensErrorCode } from './errors.ts'
import type { bindingBody } from './http-answers.ts'
import { tokenLimits } from './limits.ts'
import type { TokenService } from './service.ts'

const statusOf = {
  'tokens/invalid-request': 400,
  'tokens/invalid-client': 401,
  'tokens/unsupported-grant-type': 400,
  'tokens/invalid-scope': 400,
  'tokens/too-many-attempts': 429,
  'tokens/invalid-binding': 422,
  'tokens/binding-exists': 409,
  'tokens/unknown-binding': 404,
  'tokens/too-many-bindings': 422,
  'tokens/unknown-subaccount': 404,
  'tokens/not-built': 422,
  'tokens/admin-only': 403,
} as const satisfies Record<TokensErrorCode, number>

/**
 * Routes of `/api/bindings`, for administrators only: with a binding's own token one could read the
 * secrets of every other.
 */
export function bindingRoutes(deps: {
  service: TokenService
  authenticate: Authenticate
  log: Logger
}): Hono<{ Variables: { caller: Caller } }> {
  const { service, authenticate, log } = deps
  const app = new Hono<{ Variables: { caller: Caller } }>()
  app.use(async (c, next) => {
    const caller = await callerOrResponse(authenticate, c.req.raw, 'problem')
    if (caller instanceof Response) return caller
    if (caller.kind !== 'admin') {
      throw new TokensError('tokens/admin-only', 'bindings are managed with the admin token')
    }
    c.set('caller', caller)
    await next()
    c.header('Cache-Control', 'no-store')
  })
  app.use(
    bodyLimit({
      maxSize: tokenLimits.bindingBytesMax,
      onError: () => problemResponse(createProblem(413, 'the request body is too long')),
    }),
  )
  app.get('/', async (c) => {
    const bindings = await service.listBindings(c.var.caller.subaccountId)
    return c.json(bindings.map(renderBinding))
  })
  app.post('/', async (c) => {
    const order = parseBindingOrder(
      parseJson(c.req.header('content-type') ?? '', await c.req.text()),
    )
    const { subaccountId, name } = c.var.caller
    return c.json(renderBinding(await service.createBinding(subaccountId, order, name)), 201)
  })
  app.get('/:name', async (c) => {
    const { subaccountId, name } = c.var.caller
    const shown = await service.showBinding(subaccountId, c.req.param('name'), name)
    return c.json({ service: shown })
  })
  app.delete('/:name', async (c) => {
    const { subaccountId, name } = c.var.caller
    await service.deleteBinding(subaccountId, c.req.param('name'), name)
    return c.body(null, 204)
  })
  app.onError((error) => {
    if (error instanceof TokensError) {
      return problemResponse(
        createProblem(statusOf[error.code], error.message, { code: error.code }),
      )
    }
    if (isStoreUnavailable(error)) {
      log.warn({ event: 'store.unavailable', code: error.code, err: error }, 'the store is away')
      return problemResponse(createProblem(503, error.message, { code: error.code }))
    }
    const id = newRequestId()
    log.error({ event: 'bindings.failed', id, err: error }, 'a call of /api/bindings failed')
    return problemResponse(createProblem(500, `the call failed; see the log for ${id}`))
  })
  return app
}

function parseJson(contentType: string, text: string): unknown {
  if (contentType.split(';')[0]?.trim().toLowerCase() !== 'application/json') {
    throw new TokensError('tokens/invalid-request', 'the Content-Type must be application/json')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TokensError('tokens/invalid-request', 'the body is not JSON', { cause: error })
  }
}

function renderBinding(binding: Binding): z.infer<typeof bindingBody> {
  return {
    name: binding.name,
    instanceId: binding.instanceId,
    clientId: binding.clientId,
    credentialType: binding.credentialType,
    createdAt: binding.createdAt.toISOString(),
  }
}
