import { randomBytes } from 'node:crypto'
import { Secret } from '@twinlatch/kit'
import { loadSecretFile } from './secret-file.ts'

const keyBytes = 32

/**
 * The master key in `file`: 32 bytes as one line of base64url. A missing file is created with mode
 * 0600 unless `create` is false: say so when there is a database already, which a new key would not
 * open. A file that others may read is refused.
 */
export async function loadMasterKey({
  file,
  create = true,
}: {
  file: string
  create?: boolean
}): Promise<Secret<Uint8Array>> {
  const text = await loadSecretFile({
    file,
    what: 'the master key',
    // 43 characters for 256 bits: the last one carries four, so its low two are zero.
    form: /^[\w-]{42}[AEIMQUYcgkosw048]$/,
    generate: create ? () => randomBytes(keyBytes).toString('base64url') : null,
  })
  return new Secret<Uint8Array>(Buffer.from(text.reveal(), 'base64url'))
}
