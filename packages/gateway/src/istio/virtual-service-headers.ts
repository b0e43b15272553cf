import { messageOf } from '@twinlatch/kit'
import { z } from 'zod'
import { parseHeaderValue } from '../header-value.ts'

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** Framing and connection management belong to the gateway (RFC 9112 section 6, RFC 9110 7.6.1). */
const framing = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const operationName = z
  .string()
  .refine((name) => (token.test(name) && !framing.has(name.toLowerCase())) || isAuthority(name), {
    error: (issue) => `"${String(issue.input)}" is not a header name that can be changed`,
  })

/** Text with `%OPERATOR%`s, checked at load (gateway.md section 6.3). */
const operationValue = z.string().superRefine((text, context) => {
  try {
    parseHeaderValue(text)
  } catch (error) {
    context.addIssue(messageOf(error))
  }
})

const operationMap = z.record(operationName, operationValue)

const operations = z.strictObject({
  set: operationMap.optional(),
  add: operationMap.optional(),
  remove: z.array(operationName).optional(),
})

/** Whether a name means the request's authority rather than a header line. */
export function isAuthority(name: string): boolean {
  return /^(host|:authority)$/i.test(name)
}

function names(list: HeaderOperations | undefined, kind: 'set' | 'add'): string[] {
  return Object.keys(list?.[kind] ?? {})
}

/** `headers` of a route or a destination (gateway.md section 6.3). */
export const headerRules = z
  .strictObject({ request: operations.optional(), response: operations.optional() })
  .superRefine((rules, context) => {
    const issue = (path: string[], message: string) =>
      context.addIssue({ code: 'custom', path, message })
    if (rules.request?.remove?.some(isAuthority)) {
      issue(['request', 'remove'], 'the Host of a request cannot be removed')
    }
    const response = [
      ...names(rules.response, 'set'),
      ...names(rules.response, 'add'),
      ...(rules.response?.remove ?? []),
    ]
    if (response.some(isAuthority)) issue(['response'], 'Host is no header of a response')
    if (
      names(rules.request, 'set').some(isAuthority) &&
      names(rules.request, 'add').some(isAuthority)
    ) {
      issue(['request'], 'Host both in set and in add')
    }
    for (const kind of ['set', 'add'] as const) {
      for (const [name, value] of Object.entries(rules.request?.[kind] ?? {})) {
        if (isAuthority(name) && /[%]/.test(value)) {
          issue(
            ['request', kind, name],
            'operators in Host are not built yet: give it a fixed text',
          )
        }
      }
    }
  })

/** Operations on one direction. */
export type HeaderOperations = z.output<typeof operations>
/** Operations on both directions. */
export type HeaderRules = z.output<typeof headerRules>
