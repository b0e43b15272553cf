import { createPrivateKey, type KeyObject } from 'node:crypto'
import { createKeySigner, type Signer } from '@twinlatch/pki'
import type { Sealer } from '@twinlatch/store'
import { CaError } from '../errors.ts'

/** Where the sealed keys of authorities lie. They belong to the installation, to no subaccount. */
function contextOf(authorityId: string) {
  return {
    table: 'ca_authorities',
    subaccountId: 'installation',
    id: authorityId,
    field: 'sealed_key',
  }
}

/** The authority's private key as it may lie in a row: PKCS#8 DER, sealed. */
export function sealKey(seal: Sealer, authorityId: string, privateKey: KeyObject): string {
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' })
  try {
    return seal.seal(plain, contextOf(authorityId))
  } finally {
    plain.fill(0)
  }
}

/**
 * Signs with a sealed key, which is opened once, at the first signature, and from then on is a
 * `KeyObject` that nothing outside the signer sees (pki.md section 8). `ca/authority-unusable` when
 * the seal does not open or holds another key than the certificate's.
 */
export function createSealedKeySigner(options: {
  seal: Sealer
  authorityId: string
  sealedKey: string
  publicKey: KeyObject
}): Signer {
  const { seal, authorityId, sealedKey, publicKey } = options
  let opened: Signer | undefined
  const open = (): Signer => {
    opened ??= createKeySigner(openKey(seal, authorityId, sealedKey))
    if (!opened.publicKey.equals(publicKey)) {
      throw new CaError(
        'ca/authority-unusable',
        `the key of authority ${authorityId} is not that of its certificate`,
      )
    }
    return opened
  }
  return {
    publicKey,
    get algorithm() {
      return open().algorithm
    },
    sign: async (tbs) => open().sign(tbs),
  }
}

function openKey(seal: Sealer, authorityId: string, sealedKey: string): KeyObject {
  let plain: Buffer
  try {
    plain = seal.open(sealedKey, contextOf(authorityId))
  } catch (cause) {
    throw new CaError(
      'ca/authority-unusable',
      `the key of authority ${authorityId} does not open: was the master key or the row changed?`,
      { cause },
    )
  }
  try {
    return createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' })
  } finally {
    plain.fill(0)
  }
}
