import type { MigrationSet } from '@twinlatch/store'
import { createBindings } from './0001-create-bindings.ts'
import { createSigningKeysTable } from './0002-create-signing-keys.ts'

/** Tables of the token service; append-only. */
export const migrations: MigrationSet = {
  service: 'tokens',
  migrations: [createBindings, createSigningKeysTable],
}
