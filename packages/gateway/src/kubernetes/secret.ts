import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { metadataOf, objectName } from '../metadata.ts'

const dataKey = z
  .string()
  .regex(/^[-._a-zA-Z0-9]+$/, 'not a key of a Secret')
  .max(253)

/** Largest value: certificates and bundles are far smaller; Kubernetes stops a Secret at 1 MiB. */
const valueCharactersMax = 1_400_000

const base64 = z
  .string()
  .max(valueCharactersMax, 'larger than 1 MiB')
  .refine(
    (text) => isBase64(text.replace(/[\r\n]/g, '')),
    'not base64 (stringData takes plain text)',
  )

function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)
}

/** Secret (v1) with base64 `data`; `stringData` is moved there when a manifest is read. */
export const secretSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Secret'),
  metadata: metadataOf(objectName),
  type: z.string().optional(),
  data: z.record(dataKey, base64).optional(),
  stringData: z.record(dataKey, z.string().max(valueCharactersMax)).optional(),
  immutable: meaninglessField,
})

/** A Secret as it was read; its values are still base64. */
export type SecretDocument = z.output<typeof secretSchema>
