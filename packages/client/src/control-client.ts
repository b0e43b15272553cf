import { z } from 'zod'
import { type BindingClient, createBindingClient } from './binding-client.ts'
import { createExplanationClient, type ExplanationClient } from './explanation-client.ts'
import type { Connection } from './http.ts'

/** A manifest file as it is applied: name for messages, and the YAML text. */
export interface ManifestFile {
  readonly name: string
  readonly text: string
}

const item = z.looseObject({ path: z.string(), message: z.string() })
const changed = z.looseObject({
  results: z.array(
    z.looseObject({
      kind: z.string(),
      namespace: z.string(),
      name: z.string(),
      action: z.enum(['created', 'configured', 'unchanged', 'deleted', 'absent']),
    }),
  ),
  warnings: z.array(item).optional(),
})
const subaccount = z.looseObject({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  createdAt: z.string(),
})
const auditEntry = z.looseObject({
  action: z.string(),
  actor: z.string(),
  target: z.string(),
})
const document = z.record(z.string(), z.unknown())

/** What `apply` or `delete` did to each document, and what is odd about them. */
export type ChangedDocuments = z.infer<typeof changed>
/** A subaccount: the tenant. */
export type SubaccountBody = z.infer<typeof subaccount>
/** A line of the audit log. */
export type AuditEntryBody = z.infer<typeof auditEntry>

/** Calls of `/api`: what belongs to all services (architecture.md, "Who owns /api"). */
export interface ControlClient {
  readonly subaccounts: {
    list(): Promise<SubaccountBody[]>
    create(name: string): Promise<SubaccountBody>
  }
  readonly bindings: BindingClient
  readonly explanations: ExplanationClient
  audit(options?: { limit?: number }): Promise<AuditEntryBody[]>
  /** All documents or none; a refusal's `problem.errors` names every fault with file and path. */
  apply(files: readonly ManifestFile[], options?: { dryRun?: boolean }): Promise<ChangedDocuments>
  delete(files: readonly ManifestFile[], options?: { dryRun?: boolean }): Promise<ChangedDocuments>
  documents(filter?: {
    kind?: string
    namespace?: string
    name?: string
  }): Promise<Record<string, unknown>[]>
  status(): Promise<Record<string, unknown>>
}

/** A client of the control API behind `connection`. */
export function createControlClient(connection: Connection): ControlClient {
  const change = (
    verb: 'apply' | 'delete',
    files: readonly ManifestFile[],
    { dryRun }: { dryRun?: boolean } = {},
  ) =>
    connection.json(
      {
        method: 'POST',
        path: `/api/${verb}`,
        json: dryRun === undefined ? { files } : { files, dryRun },
      },
      changed,
    )
  return {
    subaccounts: {
      list: () => connection.json({ method: 'GET', path: '/api/subaccounts' }, z.array(subaccount)),
      create: (name) =>
        connection.json({ method: 'POST', path: '/api/subaccounts', json: { name } }, subaccount),
    },
    bindings: createBindingClient(connection),
    explanations: createExplanationClient(connection),
    audit: (options = {}) =>
      connection.json(
        { method: 'GET', path: '/api/audit', query: { ...options } },
        z.array(auditEntry),
      ),
    apply: (files, options) => change('apply', files, options),
    delete: (files, options) => change('delete', files, options),
    documents: (filter = {}) =>
      connection.json(
        { method: 'GET', path: '/api/documents', query: { ...filter } },
        z.array(document),
      ),
    status: () => connection.json({ method: 'GET', path: '/api/status' }, document),
  }
}
