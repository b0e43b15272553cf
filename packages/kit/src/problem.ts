import { z } from 'zod'

/** One fault of an input: where (JSON path or field), what, and what to do about it. */
export const problemItem = z
  .object({
    path: z.string(),
    message: z.string(),
    file: z.string().optional(),
    document: z.int().min(0).optional(),
  })
  .readonly()
  .meta({ id: 'ProblemItem', description: 'One fault of an input, with its place.' })

/** A value of `problemItem`. */
export type ProblemItem = z.infer<typeof problemItem>

/**
 * Body of an error answer of our own APIs (RFC 9457). `code` is the stable code of the error,
 * `errors` lists every fault of an input at once, with its place.
 */
export const problemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string().optional(),
    instance: z.string().optional(),
    errors: z.array(problemItem).readonly().optional(),
  })
  .readonly()
  .meta({ id: 'Problem', description: 'Problem document (RFC 9457).' })

/** A value of `problemDocument`. */
export type Problem = z.infer<typeof problemDocument>

/** The media type of a problem document (RFC 9457 section 6.1). */
export const problemMediaType = 'application/problem+json'

const titles = new Map([
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [409, 'Conflict'],
  [412, 'Precondition Failed'],
  [413, 'Content Too Large'],
  [414, 'URI Too Long'],
  [421, 'Misdirected Request'],
  [422, 'Unprocessable Content'],
  [429, 'Too Many Requests'],
  [500, 'Internal Server Error'],
  [503, 'Service Unavailable'],
])

/** The phrase of a status (RFC 9110 section 15). */
export function statusTitle(status: number): string {
  return titles.get(status) ?? 'Error'
}

/** A problem document; `type` is `about:blank`, so `title` is the status phrase (RFC 9457 section 4.2.1). */
export function createProblem(
  status: number,
  detail: string,
  more: Partial<Pick<Problem, 'code' | 'instance' | 'errors'>> = {},
): Problem {
  return { type: 'about:blank', title: statusTitle(status), status, detail, ...more }
}

/** `problem` as an HTTP answer. */
export function problemResponse(problem: Problem, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': problemMediaType, ...headers },
  })
}
