import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { labelName, metadataOf } from '../metadata.ts'

/** Namespace (v1): accepted as it is; documents need none to exist. */
export const namespaceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Namespace'),
  metadata: metadataOf(labelName),
  spec: z.strictObject({ finalizers: meaninglessField }).optional(),
})
