import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { gzipSync } from 'node:zlib'
import { type HeaderLines, type UpstreamResponse, WireError } from '@twinlatch/wire'
import { pause } from '../pause.ts'
import { describeRequest, readEchoBody, titleCaseHeaders } from './httpbin-echo.ts'
import type { WorkloadRequest } from './workload.ts'

/**
 * The built-in echo: what people know from httpbin, in this process and bounded. It answers
 * `/headers /get /post /put /delete /patch /anything /status/:code /delay/:s /bytes/:n /stream/:n
 * /gzip /uuid`.
 */
export async function answerHttpbin(request: WorkloadRequest): Promise<UpstreamResponse> {
  const [path = ''] = request.path.split('?', 1)
  const endpoint = endpoints.find(({ pattern }) => pattern.test(path))
  if (!endpoint) return text(404, 'no such endpoint of the built-in httpbin\n')
  const { methods, pattern, answer } = endpoint
  if (methods && !methods.has(request.method)) {
    return text(405, 'method not allowed\n', [['allow', [...methods].join(', ')]])
  }
  return answer(request, pattern.exec(path)?.[1] ?? '')
}

interface Endpoint {
  readonly pattern: RegExp
  /** `null`: every method. */
  readonly methods: ReadonlySet<string> | null
  answer(request: WorkloadRequest, argument: string): Promise<UpstreamResponse> | UpstreamResponse
}

/** httpbin's own bounds: more is a load test, not an echo. */
const delaySecondsMax = 10
const bytesMax = 102_400
const streamLinesMax = 100

const reading = new Set(['GET', 'HEAD'])

const endpoints: readonly Endpoint[] = [
  { pattern: /^\/headers$/, methods: reading, answer: headersOnly },
  { pattern: /^\/get$/, methods: reading, answer: (request) => echo(request, false) },
  { pattern: /^\/post$/, methods: new Set(['POST']), answer: (request) => echo(request, true) },
  { pattern: /^\/put$/, methods: new Set(['PUT']), answer: (request) => echo(request, true) },
  { pattern: /^\/patch$/, methods: new Set(['PATCH']), answer: (request) => echo(request, true) },
  { pattern: /^\/delete$/, methods: new Set(['DELETE']), answer: (request) => echo(request, true) },
  { pattern: /^\/anything(?:\/.*)?$/, methods: null, answer: anything },
  { pattern: /^\/status\/([0-9]{1,4})$/, methods: null, answer: status },
  { pattern: /^\/delay\/([0-9]{1,4}(?:\.[0-9]{1,3})?)$/, methods: null, answer: delay },
  { pattern: /^\/bytes\/([0-9]{1,9})$/, methods: reading, answer: bytes },
  { pattern: /^\/stream\/([0-9]{1,9})$/, methods: reading, answer: stream },
  { pattern: /^\/gzip$/, methods: reading, answer: gzip },
  { pattern: /^\/uuid$/, methods: reading, answer: () => json(200, { uuid: randomUUID() }) },
]

function headersOnly(request: WorkloadRequest): UpstreamResponse {
  return json(200, { headers: titleCaseHeaders(request.headers) })
}

async function echo(request: WorkloadRequest, withBody: boolean): Promise<UpstreamResponse> {
  const described = describeRequest(request)
  if (!withBody) return json(200, described)
  const body = await readEchoBody(request)
  return body ? json(200, { ...described, ...body }) : tooLarge()
}

async function anything(request: WorkloadRequest): Promise<UpstreamResponse> {
  const body = await readEchoBody(request)
  if (!body) return tooLarge()
  return json(200, { ...describeRequest(request), ...body, method: request.method })
}

function status(_request: WorkloadRequest, argument: string): UpstreamResponse {
  const code = Number(argument)
  if (code < 200 || code > 599) return text(400, 'status must be 200 to 599\n')
  const location: HeaderLines = [301, 302, 303, 307, 308].includes(code)
    ? [['location', '/get']]
    : []
  return text(code, '', location)
}

async function delay(request: WorkloadRequest, argument: string): Promise<UpstreamResponse> {
  const seconds = Math.min(Number(argument), delaySecondsMax)
  await pause(seconds * 1000, request.signal)
  if (request.signal.aborted) {
    throw new WireError('wire/aborted', 'nobody waits for the delayed answer')
  }
  return anything(request)
}

function bytes(_request: WorkloadRequest, argument: string): UpstreamResponse {
  const body = randomBytes(Math.min(Number(argument), bytesMax))
  return respond(200, [['content-type', 'application/octet-stream']], body)
}

function stream(request: WorkloadRequest, argument: string): UpstreamResponse {
  const lines = Math.min(Number(argument), streamLinesMax)
  const described = describeRequest(request)
  const body = Readable.from(
    Array.from({ length: lines }, (_, id) => `${JSON.stringify({ ...described, id })}\n`),
  )
  return { status: 200, headers: [['content-type', 'application/json']], body }
}

function gzip(request: WorkloadRequest): UpstreamResponse {
  const { headers, origin } = describeRequest(request)
  const body = gzipSync(pretty({ gzipped: true, headers, method: request.method, origin }))
  return respond(
    200,
    [
      ['content-type', 'application/json'],
      ['content-encoding', 'gzip'],
    ],
    body,
  )
}

function tooLarge(): UpstreamResponse {
  return text(413, 'the echo reads bodies of up to 1 MiB\n')
}

function json(code: number, value: unknown): UpstreamResponse {
  return respond(code, [['content-type', 'application/json']], Buffer.from(pretty(value)))
}

function text(code: number, body: string, headers: HeaderLines = []): UpstreamResponse {
  const type: HeaderLines = body === '' ? [] : [['content-type', 'text/plain; charset=utf-8']]
  return respond(code, [...headers, ...type], Buffer.from(body))
}

function respond(code: number, headers: HeaderLines, body: Buffer): UpstreamResponse {
  const length: HeaderLines =
    code === 204 || code === 304 ? [] : [['content-length', `${body.length}`]]
  return { status: code, headers: [...headers, ...length], body }
}

function pretty(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
