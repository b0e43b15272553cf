import type { MigrationSet } from '@twinlatch/store'
import { createItems } from './0001-create-items.ts'

/** Tables of the Destination service; append-only. */
export const migrations: MigrationSet = { service: 'destinations', migrations: [createItems] }
