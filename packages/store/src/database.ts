import type { Kysely } from 'kysely'

/**
 * The database or a transaction on it, before a service names its own tables with
 * `withTables<CaTables>()`. Foreign tables are out of reach by type.
 */
// biome-ignore lint/suspicious/noExplicitAny: Kysely's schema parameter; every service narrows it
export type Database = Kysely<any>
