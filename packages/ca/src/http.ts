import {
  type Clock,
  createProblem,
  Gate,
  type Logger,
  problemResponse,
  systemClock,
} from '@twinlatch/kit'
import { inspectKeystore } from '@twinlatch/pki'
import { type Authenticate, type Caller, callerOrResponse } from '@twinlatch/trust'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { CertificateAuthority } from './certificate-authority.ts'
import { pemOf } from './chain-pem.ts'
import { CaError } from './errors.ts'
import type { KeystoreReportBody } from './http-answers.ts'
import { renderFailure } from './http-problems.ts'
import { keystoreForm, orderHeaders, parseListQuery, parseOrder } from './http-schemas.ts'
import { notBuiltYet } from './not-built-yet.ts'
import { renderAuthority, renderCertificate, renderIssued, renderRecord } from './render.ts'
import { TokenBuckets } from './token-bucket.ts'

/** What the routes need. */
export interface CaAppDeps {
  readonly ca: CertificateAuthority
  readonly authenticate: Authenticate
  readonly log: Logger
  readonly clock?: Clock
}

type Environment = { Variables: { caller: Caller } }

/** 100 names of 253 characters and every other field at its longest fit into half of it. */
const orderBytesMax = 64 * 1024

/** pki.md section 4.4 reads files up to 1 MiB; the form around it is small. */
const keystoreBytesMax = 1024 * 1024 + 16 * 1024

/** Each may derive keys of up to 3 000 000 rounds; more at once would starve everybody else. */
const inspections = { running: 2, waiting: 16 }

/** Of one caller: a person tries a few passwords, a program that tries many is slowed to its pace. */
const inspectionsPerCaller = { capacity: 30, perSecond: 1 }

/**
 * The API of pki.md section 9 under `/ca`, as far as it is built. Every call is authenticated;
 * only an admin may have certificates issued: a binding finds destinations, it makes no identities.
 */
export function createCaApp({
  ca,
  authenticate,
  log,
  clock = systemClock,
}: CaAppDeps): Hono<Environment> {
  const gate = new Gate(inspections)
  const pace = new TokenBuckets({ ...inspectionsPerCaller, clock })
  const app = new Hono<Environment>()
  app.use('/ca/*', async (c, next) => {
    const caller = await callerOrResponse(authenticate, c.req.raw, 'problem')
    if (caller instanceof Response) return caller
    c.set('caller', caller)
    return next()
  })
  for (const { method, path } of notBuiltYet) {
    app.on(method, path, () => notFound(`${method} ${path} is not built yet`, 'ca/not-built-yet'))
  }
  return app
    .get('/ca/authorities', async (c) => c.json((await ca.authorities()).map(renderAuthority)))
    .get('/ca/authorities/:name/bundle.pem', async (c) =>
      // The root only: an intermediate as an anchor would hide its revocation.
      pem(pemOf([(await ca.authority(c.req.param('name'))).root])),
    )
    .get('/ca/authorities/:name/chain.pem', async (c) => {
      const { issuing, root } = await ca.authority(c.req.param('name'))
      return pem(pemOf([issuing, root]))
    })
    .get('/ca/roots.pem', async () => pem(pemOf((await ca.authorities()).map(({ root }) => root))))
    .post('/ca/certificates', limit(orderBytesMax), async (c) => {
      const issued = await ca.issue(parseOrder(await jsonOf(c)), orderingCaller(c), {
        idempotencyKey: idempotencyKeyOf(c),
      })
      c.header('cache-control', 'no-store')
      return c.json(renderIssued(issued), issued.existing ? 200 : 201)
    })
    .get('/ca/certificates', async (c) => {
      const filter = parseListQuery(c.req.query())
      const records = await ca.list(c.get('caller').subaccountId, filter)
      return c.json(records.map(renderRecord))
    })
    .get('/ca/certificates/:handle', async (c) => {
      const found = await ca.get(c.get('caller').subaccountId, c.req.param('handle'))
      return c.json(renderCertificate(found))
    })
    .post('/ca/keystores/inspect', limit(keystoreBytesMax), async (c) => {
      const { subaccountId, name } = c.get('caller')
      const seconds = pace.take(`${subaccountId} ${name}`, 1)
      if (seconds > 0) throw busy('you have had many keystores read', seconds)
      const { file, password } = await keystoreOf(c)
      const bytes = new Uint8Array(await file.arrayBuffer())
      const options = { fileName: file.name, now: clock.now(), ...password }
      const report = await gate.pass(() => inspectKeystore(bytes, options))
      if (report === null) throw busy('too many keystores are being read', 5)
      c.header('cache-control', 'no-store')
      return c.json<KeystoreReportBody>(report)
    })
    .notFound((c) => notFound(`there is nothing at ${c.req.method} ${c.req.path}`))
    .onError((error) => renderFailure(error, log))
}

function orderingCaller(c: Context<Environment>) {
  const { kind, name, subaccountId, subaccountName } = c.get('caller')
  if (kind !== 'admin') {
    throw new CaError('ca/not-allowed', 'only an admin may have certificates issued')
  }
  return { subaccountId, actor: name, tenantHost: `${subaccountName}.localhost` }
}

async function jsonOf(c: Context): Promise<unknown> {
  const text = await c.req.text()
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message would quote the body, and with it the password.
    throw new CaError('ca/malformed-request', 'the body is not JSON')
  }
}

function idempotencyKeyOf(c: Context): string | undefined {
  const key = orderHeaders.safeParse({ 'Idempotency-Key': c.req.header('idempotency-key') })
  if (key.success) return key.data['Idempotency-Key']
  throw new CaError('ca/malformed-request', 'Idempotency-Key is not 1 to 255 visible characters')
}

async function keystoreOf(c: Context): Promise<{ file: File; password: { password?: string } }> {
  const form = await c.req.formData().catch((cause: unknown) => {
    throw new CaError('ca/malformed-request', 'the body is not multipart/form-data', { cause })
  })
  const fields = keystoreForm.safeParse(Object.fromEntries(form))
  if (!fields.success) {
    throw new CaError(
      'ca/malformed-request',
      'the form needs a file in its field "file", and may have a text in "password"',
    )
  }
  const { file, password } = fields.data
  return { file, password: password === undefined ? {} : { password } }
}

function limit(maxSize: number) {
  return bodyLimit({
    maxSize,
    onError: () =>
      problemResponse(
        createProblem(413, `the body may have ${maxSize} bytes`, { code: 'ca/malformed-request' }),
      ),
  })
}

function busy(why: string, retryAfterSeconds: number): CaError {
  return new CaError('ca/too-many-requests', `${why}; try again soon`, { retryAfterSeconds })
}

function pem(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'application/x-pem-file' } })
}

function notFound(detail: string, code?: 'ca/not-built-yet'): Response {
  return problemResponse(createProblem(404, detail, code === undefined ? {} : { code }))
}
