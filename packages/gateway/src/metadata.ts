import { z } from 'zod'
import { meaninglessField, refusedField } from './field.ts'

/** DNS-1123 label: the names of namespaces, Gateways and Services. */
export const labelName = z
  .string()
  .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/, 'not a DNS-1123 label (lower case, digits, "-")')
  .max(63, 'a label of more than 63 characters')

/** DNS-1123 subdomain: the names of most other objects. */
export const objectName = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'not a DNS-1123 name (lower case, digits, "-", ".")',
  )
  .max(253, 'a name of more than 253 characters')

/** Labels or annotations: any name, text values. */
export const textMap = z.record(z.string(), z.string())

/**
 * `metadata` as an API server knows it: what it fills in by itself is accepted and has no meaning
 * here (gateway.md section 16).
 */
export function metadataOf(name: z.ZodString) {
  return z.strictObject({
    name,
    namespace: labelName.optional(),
    labels: textMap.optional(),
    annotations: textMap.optional(),
    creationTimestamp: meaninglessField,
    deletionTimestamp: meaninglessField,
    deletionGracePeriodSeconds: meaninglessField,
    uid: meaninglessField,
    resourceVersion: meaninglessField,
    generation: meaninglessField,
    ownerReferences: meaninglessField,
    finalizers: meaninglessField,
    selfLink: meaninglessField,
    generateName: refusedField('generateName is not supported: give the object a name'),
  })
}
