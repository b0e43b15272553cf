import type { MigrationSet } from '@twinlatch/store'
import { createAuthoritiesAndCertificates } from './migrations/0001-create-authorities-and-certificates.ts'

/** Schema of this service, append-only. */
export const migrations: MigrationSet = {
  service: 'ca',
  migrations: [
    {
      name: '0001-create-authorities-and-certificates',
      up: createAuthoritiesAndCertificates,
    },
  ],
}
