import { z } from 'zod'
import { refusedField } from '../field.ts'
import { headerRules, isAuthority } from './virtual-service-headers.ts'

const authorityText = z
  .string()
  .regex(/^[A-Za-z0-9._~!$&'()*+,;=%[\]:-]+$/, 'not a host name with an optional port')

const pathText = z.string().regex(/^[\x21-\x7e]*$/, 'not a path')

/** `route[]` with its weight (gateway.md section 6.2). */
export const routeDestination = z
  .strictObject({
    destination: z.strictObject({
      host: z.string().min(1, 'a destination needs a host').max(253),
      port: z.strictObject({ number: z.int().min(1).max(65_535) }).optional(),
      subset: refusedField('subset needs a DestinationRule, which is not built yet'),
    }),
    weight: z.int().min(0, 'a weight is not negative').max(1_000_000).optional(),
    headers: headerRules.optional(),
  })
  .superRefine((route, context) => {
    const request = route.headers?.request
    const named = [...Object.keys(request?.set ?? {}), ...Object.keys(request?.add ?? {})]
    if (named.some(isAuthority)) {
      context.addIssue({
        code: 'custom',
        path: ['headers', 'request'],
        message:
          'Host on a destination is not built yet: set it on the route, or rewrite.authority',
      })
    }
  })

const rewritePathText = z
  .string()
  .regex(/^[\x21\x22\x24-\x3e\x40-\x7e]*$/, 'not a path without query and fragment')

/** `rewrite`: plain texts that replace what matched. */
export const rewriteRule = z.strictObject({
  uri: rewritePathText.optional(),
  authority: authorityText.optional(),
  uriRegexRewrite: refusedField('uriRegexRewrite is not built yet'),
})

/** `redirect`, which must change something. */
export const redirectRule = z
  .strictObject({
    uri: pathText.optional(),
    authority: authorityText.optional(),
    scheme: z.enum(['http', 'https']).optional(),
    port: z.int().min(1).max(65_535).optional(),
    derivePort: z.enum(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT']).optional(),
    redirectCode: z
      .int()
      .refine((code) => [301, 302, 303, 307, 308].includes(code), 'not one of 301 302 303 307 308')
      .optional(),
  })
  .refine((rule) => rule.port === undefined || rule.derivePort === undefined, 'port and derivePort')
  .refine((rule) => Object.values(rule).some((value) => value !== undefined), 'an empty redirect')

/** `directResponse` with a body that is taken literally. */
export const directResponseRule = z.strictObject({
  status: z.int().min(200, 'not a status of 200 to 599').max(599, 'not a status of 200 to 599'),
  body: z
    .strictObject({
      string: z.string().max(65_536, 'a body of more than 64 KiB').optional(),
      bytes: refusedField('body.bytes is not built yet: use body.string'),
    })
    .optional(),
})

/** What `connect failures only` can honour; the rest would need buffered bodies. */
const retryConditions = new Set([
  'connect-failure',
  'refused-stream',
  'unavailable',
  'cancelled',
  'retriable-status-codes',
])

/** `retries`, as far as connect failures go. */
export const retryRule = z
  .strictObject({
    attempts: z.int().min(0).max(100, 'more than 100 attempts').prefault(0),
    retryOn: z
      .string()
      .superRefine((text, context) => {
        for (const condition of text.split(',')) {
          if (!retryConditions.has(condition.trim())) {
            context.addIssue(
              `retryOn "${condition.trim()}" is not built yet: connect failures only`,
            )
          }
        }
      })
      .optional(),
    perTryTimeout: refusedField('perTryTimeout is not built yet'),
    backoff: refusedField('backoff is not built yet'),
    retryRemoteLocalities: refusedField('retryRemoteLocalities is not built yet'),
    retryIgnorePreviousHosts: refusedField('retryIgnorePreviousHosts is not built yet'),
  })
  .refine((rule) => rule.attempts > 0 || rule.retryOn === undefined, {
    path: ['retryOn'],
    error: 'retryOn without attempts',
  })

/** A redirect as it was read. */
export type RedirectRule = z.output<typeof redirectRule>
