import { type ProblemItem, Secret } from '@twinlatch/kit'
import { z } from 'zod'
import { profileNames } from './default-profiles.ts'
import { CaError } from './errors.ts'
import { type CertificateOrder, keyFormats } from './order.ts'
import { orderableKeyTypes, orderableSanTypes } from './profile.ts'
import { validityUnits } from './validity.ts'

/** Body of `POST /ca/certificates`. */
export const orderBody = z.strictObject({
  commonName: z.string(),
  password: z.string().optional(),
  profile: z.enum(profileNames).prefault('client'),
  validity: z.strictObject({ value: z.int(), unit: z.enum(validityUnits) }).optional(),
  keyType: z.enum(orderableKeyTypes).optional(),
  organizationalUnits: z.array(z.string()).optional(),
  userId: z.string().optional(),
  san: z.array(z.strictObject({ type: z.enum(orderableSanTypes), value: z.string() })).prefault([]),
  format: z.enum(keyFormats).prefault('modern'),
  ifMissing: z.boolean().prefault(false),
})

/** Query of `GET /ca/certificates`. */
export const listQuery = z.strictObject({
  name: z.string().optional(),
  profile: z.enum(profileNames).optional(),
  status: z.enum(['active', 'failed']).optional(),
})

/**
 * Header fields of an order. A key is long enough for a UUID or a hash with a prefix
 * (draft-ietf-httpapi-idempotency-key-header).
 */
export const orderHeaders = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, 'is not 1 to 255 visible characters')
    .optional(),
})

/** Form of `POST /ca/keystores/inspect`. */
export const keystoreForm = z.object({
  file: z.file(),
  password: z.string().optional(),
})

/** Fields of pki.md section 9 that have no meaning yet; ignoring one would be a lie. */
const notBuiltFields = ['csr', 'autoRenew', 'description', 'p12Flavour'] as const

/** Fields of an order as the domain calls them, and as they are called on the wire. */
const wireNames = new Map([
  ['name', 'commonName'],
  ['subjectAltNames', 'san'],
])

/** An order from a body of `POST /ca/certificates` (pki.md section 9), every fault at once. */
export function parseOrder(body: unknown): CertificateOrder {
  const fields = typeof body === 'object' && body !== null ? body : {}
  const notBuilt = notBuiltFields.filter((field) => field in fields)
  if (notBuilt.length > 0) {
    throw new CaError('ca/not-built-yet', `not built yet: ${notBuilt.join(', ')}`, {
      problems: notBuilt.map((path) => ({ path, message: 'is not built yet' })),
    })
  }
  const { commonName, san, password, ...rest } = parse(orderBody, body)
  return {
    ...rest,
    name: commonName,
    subjectAltNames: san,
    password: password === undefined ? null : new Secret(password),
  }
}

/** The filter of `GET /ca/certificates`. */
export function parseListQuery(query: Record<string, string>): z.infer<typeof listQuery> {
  return parse(listQuery, query)
}

/** `problems` of the domain with the names that the caller wrote. */
export function inWireNames(problems: readonly ProblemItem[]): ProblemItem[] {
  return problems.map((item) => {
    const [field = ''] = item.path.split(/[.[]/, 1)
    const wire = wireNames.get(field)
    return wire === undefined ? item : { ...item, path: wire + item.path.slice(field.length) }
  })
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = tryParse(schema, value)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map(({ path, message }) => ({
    path: path.join('.'),
    message,
  }))
  const texts = problems.map(({ path, message }) => (path ? `${path}: ${message}` : message))
  throw new CaError('ca/malformed-request', texts.join('; '), { problems, cause: parsed.error })
}

/** The library measures whatever has a `length`, a text or not: one that is no number throws. */
function tryParse<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  try {
    return schema.safeParse(value)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new CaError('ca/malformed-request', 'an object stands where a text belongs', {
      problems: [],
      cause: error,
    })
  }
}
