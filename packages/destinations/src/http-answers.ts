import { z } from 'zod'

/** The one shape of an error that clients read (destination-service.md section 4). */
export const sapError = z
  .object({ ErrorMessage: z.string() })
  .meta({ id: 'SapError', description: 'An error as SAP answers it.' })

/** A destination as it is answered: flat, every value a text; metadata in lists, if asked for. */
export const destinationAnswer = z
  .object({
    Name: z.string(),
    $metadata: z
      .object({ modification_time: z.iso.datetime().optional(), etag: z.string().optional() })
      .optional(),
  })
  .catchall(z.string())
  .meta({ id: 'DestinationAnswer', description: 'A destination; with $select=Name its name only.' })

/** A certificate as it is answered; keys begin with a capital (section 3.3). */
export const certificateAnswer = z
  .object({ Name: z.string(), Content: z.base64(), Type: z.literal('CERTIFICATE') })
  .meta({ id: 'CertificateAnswer' })

/** An item of a list with `$select=Name`. */
export const nameAnswer = z.object({ Name: z.string() })

/** How many items a call changed. */
export const countAnswer = z.object({ Count: z.int() })

/** What became of each entry of a bulk call: an ETag, or why not. */
export const bulkAnswer = z.array(
  z.union([
    z.object({ name: z.string(), status: z.int(), etag: z.string() }),
    z.object({ name: z.string(), status: z.int(), cause: z.string() }),
  ]),
)

/** What a deletion by filter did. */
export const bulkDeleteAnswer = countAnswer.extend({
  Summary: z.array(
    z.object({
      name: z.string(),
      status: z.enum(['DELETED', 'NOT_FOUND']),
      reason: z.string().optional(),
    }),
  ),
})

/** One key of a certificate entry, without anything private (section 8.4). */
export const publicKeyAnswer = z.object({
  Alias: z.string().optional(),
  Content: z.string().meta({ description: 'PEM, leaf first.' }),
  SubjectDN: z.string(),
})

const authToken = z.object({
  type: z.string(),
  value: z.string(),
  http_header: z.object({ key: z.string(), value: z.string() }),
})

const owner = z.object({ SubaccountId: z.guid(), InstanceId: z.guid().nullable() })

const lookupParts = {
  certificates: z.array(certificateAnswer).readonly().optional(),
  authTokens: z.array(authToken).readonly().optional(),
}

/** The answer of Find (section 3). */
export const findAnswer = z
  .object({ owner, destinationConfiguration: z.record(z.string(), z.string()), ...lookupParts })
  .meta({ id: 'FoundDestination' })

const owned = z.object({ Name: z.string(), ...owner.shape })

/** The answer of Find in its second version; the owner only if asked for. */
export const findV2Answer = z
  .object({
    destinationConfiguration: z
      .object({
        $metadata: z
          .object({
            owner: z.object({
              destinations: z.array(owned),
              certificates: z.array(owned),
              fragments: z.array(owned),
            }),
          })
          .optional(),
      })
      .catchall(z.string()),
    ...lookupParts,
  })
  .meta({ id: 'FoundDestinationV2' })
