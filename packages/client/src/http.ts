import type { z } from 'zod'
import { ClientError, parseJson, refusedCall } from './client-error.ts'

/** Longer than any answer of the control listener takes, RSA 4096 generation in a queue included. */
const defaultTimeoutMs = 60_000

/** A list of 10 000 certificates has about 5 MiB; more than this is not an answer of ours. */
const answerBytesMax = 32 * 1024 * 1024

/** Where and as whom to call. Only what is passed in here is used, so it runs in browsers too. */
export interface ConnectionSettings {
  /** For example `https://localhost:8443`; a path in it is kept. */
  readonly baseUrl: string
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  /** Bearer token (RFC 6750), or a function that returns a current one. */
  readonly token?: string | (() => string | Promise<string>)
  /** Name or GUID of the subaccount an admin acts in (`X-Twinlatch-Subaccount`). */
  readonly subaccount?: string
  readonly timeoutMs?: number
}

/** One call: the path's variable parts must be encoded already (`encodeURIComponent`). */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  readonly path: string
  /** `undefined` values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly json?: unknown
  readonly form?: FormData | URLSearchParams
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Calls of one server; every failure is a `ClientError`, an abort is the signal's own reason. */
export interface Connection {
  /** The answer's JSON, checked against `schema`. */
  json<T>(call: Call, schema: z.ZodType<T>): Promise<T>
  /** The answer's text, such as PEM. */
  text(call: Call): Promise<string>
}

/** A connection by `settings`; nothing is opened before the first call. */
export function createConnection(settings: ConnectionSettings): Connection {
  const text = async (call: Call): Promise<string> => {
    const described = `${call.method} ${call.path}`
    const response = await send(settings, call, described)
    const body = await readText(response, call, described)
    if (!response.ok) throw refusedCall(response.status, body, described)
    return body
  }
  return {
    text,
    json: async (call, schema) => {
      const checked = schema.safeParse(parseJson(await text(call)))
      if (checked.success) return checked.data
      const [issue] = checked.error.issues
      throw new ClientError(
        {
          status: 200,
          code: 'client/unexpected-answer',
          message: `${call.method} ${call.path} answered something unexpected at "${issue?.path.join('.')}": ${issue?.message}; is that a Twinlatch of the same version?`,
        },
        { cause: checked.error },
      )
    },
  }
}

async function send(
  settings: ConnectionSettings,
  call: Call,
  described: string,
): Promise<Response> {
  const timeoutMs = settings.timeoutMs ?? defaultTimeoutMs
  const timeout = AbortSignal.timeout(timeoutMs)
  try {
    return await settings.fetch(urlOf(settings.baseUrl, call), {
      method: call.method,
      headers: await headersOf(settings, call),
      body: call.form ?? (call.json === undefined ? null : JSON.stringify(call.json)),
      // A redirect of an API is a misconfiguration, and following it would carry the token elsewhere.
      redirect: 'manual',
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
    })
  } catch (error) {
    if (call.signal?.aborted) throw call.signal.reason
    if (timeout.aborted) {
      const message = `${described} got no answer from ${settings.baseUrl} within ${timeoutMs / 1000} s`
      throw new ClientError({ status: 0, code: 'client/timeout', message }, { cause: error })
    }
    const message = `${settings.baseUrl} is not reachable: ${reasonOf(error)}`
    throw new ClientError({ status: 0, code: 'client/unreachable', message }, { cause: error })
  }
}

function urlOf(baseUrl: string, { path, query = {} }: Call): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return `${baseUrl.replace(/\/+$/, '')}${path}${search.size > 0 ? `?${search}` : ''}`
}

async function headersOf(
  settings: ConnectionSettings,
  call: Call,
): Promise<Record<string, string>> {
  const token = typeof settings.token === 'function' ? await settings.token() : settings.token
  return {
    accept: 'application/json, application/problem+json, text/plain, */*',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(settings.subaccount === undefined ? {} : { 'x-twinlatch-subaccount': settings.subaccount }),
    ...(call.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...call.headers,
  }
}

async function readText(response: Response, call: Call, described: string): Promise<string> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes += part.value.byteLength
      if (bytes > answerBytesMax) {
        await reader.cancel()
        const message = `${described} answered more than ${answerBytesMax} bytes`
        throw new ClientError({ status: response.status, code: 'client/answer-too-large', message })
      }
      text += decoder.decode(part.value, { stream: true })
    }
  } catch (error) {
    if (error instanceof ClientError) throw error
    if (call.signal?.aborted) throw call.signal.reason
    const message = `the answer of ${described} broke off: ${reasonOf(error)}`
    throw new ClientError({ status: 0, code: 'client/unreachable', message }, { cause: error })
  }
  return text + decoder.decode()
}

/** `fetch` of Node says "fetch failed" and keeps the reason (ECONNREFUSED, certificate) in `cause`. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof AggregateError) return reasonOf(error.cause.errors[0])
  return error.cause instanceof Error ? error.cause.message : error.message
}
