/**
 * Body of an error answer of our own APIs (RFC 9457). `code` is the stable code of the error,
 * `errors` lists every fault of an input at once, with its place.
 */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code?: string
  readonly instance?: string
  readonly errors?: readonly ProblemItem[]
}

/** One fault of an input: where (JSON path or field), what, and what to do about it. */
export interface ProblemItem {
  readonly path: string
  readonly message: string
  readonly file?: string
  readonly document?: number
}

/** The media type of a problem document (RFC 9457 section 6.1). */
export const problemMediaType = 'application/problem+json'

const titles = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [409, 'Conflict'],
  [413, 'Content Too Large'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
])

/** A problem document; `type` is `about:blank`, so `title` is the status phrase (RFC 9457 section 4.2.1). */
export function createProblem(
  status: number,
  detail: string,
  more: Partial<Pick<Problem, 'code' | 'instance' | 'errors'>> = {},
): Problem {
  return { type: 'about:blank', title: titles.get(status) ?? 'Error', status, detail, ...more }
}

/** `problem` as an HTTP answer. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemMediaType, ...headers },
  })
}
