import { createPrivateKey } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Secret } from '@twinlatch/kit'
import { loadMasterKey, readSealedFile, StoreError, writeSealedFile } from '@twinlatch/store'
import { CliError } from '../cli-error.ts'
import type { Home } from '../home.ts'
import type { ServerIdentity } from './control-listener.ts'
import { readSnapshot, type Snapshot } from './snapshot.ts'

/** What a home remembers of its database: enough for both listeners. */
export interface LastKnown {
  readonly snapshot: Snapshot
  readonly identity: ServerIdentity
}

const identityName = 'control certificate'

/**
 * What the home remembers, or `null` if it never reached a database. What is there but not authentic
 * is refused with `cause`, the reason why it was looked for.
 */
export async function readLastKnown(home: Home, cause: StoreError): Promise<LastKnown | null> {
  if (!existsSync(home.masterKey)) return null
  try {
    const masterKey = await loadMasterKey({ file: home.masterKey, create: false })
    const snapshot = await readSnapshot({ file: home.snapshot, masterKey })
    const sealed = { file: home.controlIdentity, name: identityName, masterKey }
    const [chainPem, key] = (await readSealedFile(sealed)) ?? []
    if (snapshot === null || chainPem === undefined || key === undefined) return null
    return { snapshot, identity: { chainPem, privateKey: createPrivateKey(key) } }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw new CliError(cause.message, {
      why: `Nor can what is kept for this case be used: ${error.message}`,
      cure: `Start it when the database is back; ${home.snapshot} is written anew then.`,
      code: cause.code,
      cause: error,
    })
  }
}

/** Remembers the certificate of the control listener. */
export async function keepIdentity(
  home: Home,
  masterKey: Secret<Uint8Array>,
  { chainPem, privateKey }: ServerIdentity,
): Promise<void> {
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const sealed = { file: home.controlIdentity, name: identityName, masterKey }
  await writeSealedFile(sealed, [chainPem, key])
}
