import { z } from 'zod'
import { TokensError } from './errors.ts'

/** What a person asks for when making a binding. */
export interface BindingOrder {
  readonly name: string
  readonly credentialType: 'binding-secret'
}

/** Body of `POST /api/bindings`. */
export const bindingOrder = z.strictObject({
  // Becomes a directory and a Kubernetes Secret's name, so no separators and no leading dot.
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
      'must be 1 to 63 letters, digits, ".", "_" or "-", and begin and end with a letter or digit',
    ),
  credentialType: z
    .enum(['binding-secret', 'x509'], 'must be binding-secret (x509 is not built yet)')
    .default('binding-secret'),
})

/** The order in `json`; every other credential type is refused by name. */
export function parseBindingOrder(json: unknown): BindingOrder {
  const parsed = bindingOrder.safeParse(json)
  if (!parsed.success) {
    const faults = parsed.error.issues.map((i) => `${i.path.join('.') || 'body'}: ${i.message}`)
    throw new TokensError('tokens/invalid-binding', faults.join('; '))
  }
  const { name, credentialType } = parsed.data
  if (credentialType === 'x509') {
    throw new TokensError(
      'tokens/not-built',
      'credentialType x509 is not built yet; use binding-secret',
    )
  }
  return { name, credentialType }
}
