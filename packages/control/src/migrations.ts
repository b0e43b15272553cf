import type { MigrationSet } from '@twinlatch/store'
import { createSubaccounts } from './migrations/0001-create-subaccounts.ts'
import { createAudit } from './migrations/0002-create-audit.ts'
import { createDocuments } from './migrations/0003-create-documents.ts'
import { createAuditAnchor } from './migrations/0004-create-audit-anchor.ts'

/** The schema of the control service, in order; append only. */
export const migrations: MigrationSet = {
  service: 'control',
  migrations: [
    { name: '0001-create-subaccounts', up: createSubaccounts },
    { name: '0002-create-audit', up: createAudit },
    { name: '0003-create-documents', up: createDocuments },
    { name: '0004-create-audit-anchor', up: createAuditAnchor },
  ],
}
