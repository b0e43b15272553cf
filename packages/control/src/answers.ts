import { problemItem } from '@twinlatch/kit'
import { z } from 'zod'

/** A subaccount on the wire. */
export const subaccountBody = z
  .object({
    id: z.guid(),
    name: z.string(),
    host: z.string(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Subaccount', description: 'A tenant.' })

/** A line of the audit log on the wire. */
export const auditRecordBody = z
  .object({
    id: z.string(),
    time: z.iso.datetime(),
    subaccountId: z.guid(),
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    detail: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
      .readonly(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRecord', description: 'A line of the audit log.' })

/** What a change did, in the order of the files. */
export const changeReportBody = z
  .object({
    results: z
      .array(
        z
          .object({
            kind: z.string(),
            namespace: z.string(),
            name: z.string(),
            action: z.enum(['created', 'configured', 'unchanged', 'deleted', 'absent']),
          })
          .readonly(),
      )
      .readonly(),
    warnings: z.array(problemItem).readonly(),
  })
  .readonly()
  .meta({ id: 'ChangeReport', description: 'What happened, or would happen, to each document.' })

/** A document as it may be shown: the whole manifest, values of Secrets masked. */
export const documentBody = z
  .looseObject({ apiVersion: z.string(), kind: z.string() })
  .meta({ id: 'Document', description: 'A manifest; values of Secrets are masked.' })

const gatewayServer = z.object({
  key: z.string(),
  subaccountId: z.string(),
  gateway: z.string(),
  port: z.int(),
  ready: z.boolean(),
  reason: z.string().nullable(),
  mode: z.string(),
  hosts: z.array(z.string()).readonly(),
  bundle: z.string().nullable(),
  authorities: z.array(z.string()).readonly(),
  connectionsAccepted: z.int(),
  connectionsOpen: z.int(),
})

/** The server's own account of itself: its process, its URLs and every server of its gateways. */
export const serverStatusBody = z
  .object({
    pid: z.int(),
    startedAt: z.iso.datetime(),
    version: z.string(),
    urls: z.object({ control: z.string(), gateway: z.string(), health: z.string() }),
    ca: z.string().meta({ description: 'File of the authorities of our own listeners.' }),
    adminToken: z.string().meta({ description: 'File of the admin token.' }),
    generation: z.int(),
    snapshot: z
      .object({ source: z.enum(['database', 'disk']), takenAt: z.iso.datetime() })
      .nullable()
      .meta({
        description:
          'What the gateways serve. From disk: the database could not be reached at the start, and it is what was in force at that time.',
      }),
    gateways: z.array(gatewayServer).readonly(),
  })
  .meta({ id: 'ServerStatus' })

/** A value of `serverStatusBody`. */
export type ServerStatus = z.infer<typeof serverStatusBody>
