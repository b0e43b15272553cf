import type { z } from 'zod'
import { statusTitle } from './problem.ts'

/** Schemas of one body, by media type. */
export type ApiContent = Readonly<Record<string, z.ZodType>>

/** One answer of an operation; without `content` it has no body. */
export interface ApiAnswer {
  readonly description: string
  readonly content?: ApiContent
  /** Whether there may be no body, too; OpenAPI has no word for it. */
  readonly mayBeEmpty?: boolean
  /** Header fields beyond HTTP's usual ones, with what they tell. */
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers of an operation by status. */
export type ApiAnswers = Readonly<Record<number, ApiAnswer>>

/**
 * One operation of an API, as a service publishes it beside its routes. The schemas are the ones
 * that the service itself parses with and renders by, so that the document cannot say otherwise.
 */
export interface ApiOperation {
  /** Unique in the whole document; generated clients name their methods by it. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** With `{name}` for variable parts, one segment each. */
  readonly path: string
  readonly summary: string
  /** Who gets in: anybody, every authenticated caller, or the administrator only. */
  readonly access: 'public' | 'caller' | 'admin'
  /** The parameters of the query, each as the text that is sent. */
  readonly query?: z.ZodObject
  /** Request header fields that this operation reads, each as the text that is sent. */
  readonly headers?: z.ZodObject
  readonly body?: ApiContent
  readonly answers: ApiAnswers
}

/** Two tables of answers as one; where both have a status, either body may come. */
export function mergeAnswers(left: ApiAnswers, right: ApiAnswers): ApiAnswers {
  const merged: Record<number, ApiAnswer> = { ...left }
  for (const [key, answer] of Object.entries(right)) {
    const status = Number(key)
    const other = merged[status]
    merged[status] = other
      ? {
          description: other.description,
          content: { ...answer.content, ...other.content },
          mayBeEmpty: other.mayBeEmpty ?? false,
          headers: { ...answer.headers, ...other.headers },
        }
      : answer
  }
  return merged
}

/** Answers of one shape for every one of `statuses`, described by the status phrase. */
export function errorAnswers(content: ApiContent, statuses: readonly number[]): ApiAnswers {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: statusTitle(status),
        content,
        ...(status === 429 ? { headers: { 'Retry-After': 'Seconds until it may go.' } } : {}),
        ...(status === 401 ? { headers: { 'WWW-Authenticate': 'How to authenticate.' } } : {}),
      },
    ]),
  )
}
