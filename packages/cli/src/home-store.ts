import { existsSync } from 'node:fs'
import { type Logger, systemClock } from '@twinlatch/kit'
import {
  type DatabaseUrl,
  loadMasterKey,
  openStore,
  resumeRekey,
  type Store,
} from '@twinlatch/store'
import type { Home } from './home.ts'

/** Opens the database of `home` with its master key, which is made with the first database. */
export async function openHomeStore(
  home: Home,
  database: DatabaseUrl,
  log: Logger,
): Promise<Store> {
  // Of a server's database one cannot see from here whether it is new.
  const create = typeof database !== 'string' || !existsSync(home.database)
  await resumeRekey({ url: database, file: home.masterKey, clock: systemClock, log })
  const masterKey = await loadMasterKey({ file: home.masterKey, create })
  return openStore({ url: database, masterKey, clock: systemClock, log })
}
