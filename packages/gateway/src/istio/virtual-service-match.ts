import { z } from 'zod'
import { optionalStringMatch, refusedField, stringMatch } from '../field.ts'

const headerName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'not a header name')
  .max(256)

const headerMatch = optionalStringMatch

/** `*` is no regular expression; `withoutHeaders` alone takes it for "absent" (gateway.md 6.1). */
const withoutHeaderMatch = z.preprocess(
  (value) =>
    typeof value === 'object' && value !== null && Reflect.get(value, 'regex') === '*'
      ? { ...value, regex: undefined }
      : value,
  optionalStringMatch,
)

const requestHeaders = z.record(headerName, headerMatch).superRefine((headers, context) => {
  if (Object.keys(headers).some((name) => name.startsWith('@'))) {
    context.addIssue('routing by JWT claims (@request.auth.claims) is not built yet')
  }
})

/** One item of `http[].match` (gateway.md section 6.1); all conditions hold together. */
export const httpMatch = z.strictObject({
  name: z.string().optional(),
  uri: stringMatch.optional(),
  ignoreUriCase: z.boolean().optional(),
  scheme: stringMatch.optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  headers: requestHeaders.optional(),
  withoutHeaders: z.record(headerName, withoutHeaderMatch).optional(),
  queryParams: z.record(z.string().min(1), optionalStringMatch).optional(),
  port: z.int().min(1).max(65_535).optional(),
  gateways: z.array(z.string().min(1)).min(1).optional(),
  statPrefix: z.string().optional(),
  sourceLabels: refusedField('sourceLabels is not built yet'),
  sourceNamespace: refusedField('sourceNamespace is not built yet'),
  sourceSubnet: refusedField('sourceSubnet is reserved and has no effect'),
})

/** A match item as it was read. */
export type HttpMatch = z.output<typeof httpMatch>
