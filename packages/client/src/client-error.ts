import { z } from 'zod'

/** The problem document of a refused call (RFC 9457), as far as the server sent one. */
export interface ClientProblem {
  readonly title?: string
  readonly detail?: string
  readonly instance?: string
  readonly errors?: readonly {
    readonly path: string
    readonly message: string
    readonly file?: string
    readonly document?: number
  }[]
}

/**
 * A call that got no usable answer. `status` is the HTTP status, 0 when there was none. `code` is
 * the server's stable code, or one of ours: `client/unreachable`, `client/timeout`,
 * `client/unexpected-answer`, `client/answer-too-large`, `client/refused` (refused without a code).
 * `message` is a sentence for people, `problem` the details with every fault of the input.
 */
export class ClientError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: ClientProblem | null

  constructor(
    failure: { status: number; code: string; message: string; problem?: ClientProblem | null },
    options?: ErrorOptions,
  ) {
    super(failure.message, options)
    this.name = 'ClientError'
    this.status = failure.status
    this.code = failure.code
    this.problem = failure.problem ?? null
  }
}

const problemDocument = z.looseObject({
  title: z.string().optional(),
  detail: z.string().optional(),
  code: z.string().optional(),
  instance: z.string().optional(),
  errors: z
    .array(
      z.looseObject({
        path: z.string(),
        message: z.string(),
        file: z.string().optional(),
        document: z.number().optional(),
      }),
    )
    .optional(),
})
const sapError = z.looseObject({ ErrorMessage: z.string() })
const oauthError = z.looseObject({ error: z.string(), error_description: z.string().optional() })

/**
 * The error of a refused call, from whichever of the three shapes the server's doors speak: RFC
 * 9457 problem, SAP's `{"ErrorMessage"}` (destination-service.md section 4), or RFC 6749 section
 * 5.2. Anything else keeps the status and never repeats the body, which may be a page of a proxy.
 */
export function refusedCall(status: number, body: string, call: string): ClientError {
  const json = parseJson(body)
  const sap = sapError.safeParse(json)
  if (sap.success) {
    return new ClientError({ status, code: 'client/refused', message: sap.data.ErrorMessage })
  }
  const oauth = oauthError.safeParse(json)
  if (oauth.success) {
    const { error, error_description: description } = oauth.data
    return new ClientError({ status, code: error, message: description ?? error })
  }
  const problem = problemDocument.safeParse(json)
  if (problem.success && (problem.data.detail ?? problem.data.title) !== undefined) {
    return new ClientError({
      status,
      code: problem.data.code ?? 'client/refused',
      message: problem.data.detail ?? problem.data.title ?? '',
      problem: problem.data as ClientProblem,
    })
  }
  return new ClientError({ status, code: 'client/refused', message: `${call} answered ${status}` })
}

/** The JSON value of `text`, or nothing if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
