import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { metadataOf, objectName } from '../metadata.ts'

/** ConfigMap (v1): `ca.crt` of a bundle named `configmap://namespace/name`. */
export const configMapSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ConfigMap'),
  metadata: metadataOf(objectName),
  data: z.record(z.string(), z.string().max(1_048_576, 'larger than 1 MiB')).optional(),
  binaryData: meaninglessField,
  immutable: meaninglessField,
})

/** A ConfigMap as it was read. */
export type ConfigMapDocument = z.output<typeof configMapSchema>
