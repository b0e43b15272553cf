import { parseDuration } from '@twinlatch/kit'
import { z } from 'zod'
import { compileRegex } from './regex.ts'

/**
 * A field that Istio or Kubernetes knows and that we cannot honour: using it is an error with this
 * reason, never silently ignored (gateway.md section 16).
 */
export function refusedField(reason: string) {
  return z.custom<undefined>((value) => value === undefined, { error: reason }).optional()
}

/** A known field that has no meaning for a gateway and is accepted as it is. */
export const meaninglessField = z.unknown().optional()

/** Milliseconds of a Go duration such as `300s`; at least 1 ms (gateway.md section 6.2). */
export const durationField = z.string().transform((text, context) => {
  const durationMs = text.includes('d') ? undefined : parseDuration(text)
  if (durationMs === undefined) {
    context.addIssue(`"${text}" is not a duration such as 300s, 1.5m or 250ms`)
    return z.NEVER
  }
  if (durationMs < 1) {
    context.addIssue('a duration must be at least 1ms; leave the field out for no timeout')
    return z.NEVER
  }
  return durationMs
})

/** A list that says something: an empty one would widen a rule (gateway.md section 11.3). */
export function filledList<Item extends z.ZodType>(item: Item) {
  return z.array(item).min(1, 'an empty list; leave the field out if nothing is meant')
}

const regexText = z
  .string()
  .max(1024, 'a regular expression of more than 1024 characters')
  .superRefine((pattern, context) => {
    try {
      compileRegex(pattern)
    } catch (error) {
      context.addIssue(error instanceof Error ? error.message : 'not an RE2 expression')
    }
  })

const stringMatchFields = {
  exact: z.string().optional(),
  prefix: z.string().optional(),
  regex: regexText.optional(),
}

function ways(match: Readonly<Record<string, unknown>>): number {
  return Object.values(match).filter((value) => value !== undefined).length
}

/** Istio's StringMatch with exactly one of `exact`, `prefix`, `regex` (RE2, full match). */
export const stringMatch = z
  .strictObject(stringMatchFields)
  .refine((match) => ways(match) === 1, 'exactly one of exact, prefix, regex')

/** StringMatch that may be empty, which means "present" (gateway.md section 6.1). */
export const optionalStringMatch = z
  .strictObject(stringMatchFields)
  .refine((match) => ways(match) <= 1, 'at most one of exact, prefix, regex')

/** A string match as it was read; no field set means "present". */
export type StringMatch = z.output<typeof optionalStringMatch>
