import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { metadataOf, objectName } from '../metadata.ts'

/** ServiceAccount (v1): accepted as it is; Deployments name theirs. */
export const serviceAccountSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ServiceAccount'),
  metadata: metadataOf(objectName),
  automountServiceAccountToken: meaninglessField,
  imagePullSecrets: meaninglessField,
  secrets: meaninglessField,
})
