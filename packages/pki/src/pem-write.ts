import { sequence } from './der-write.ts'
import {
  checkIterationsForWriting,
  checkKeystoreOrder,
  type KeystoreOrder,
} from './keystore-order.ts'
import { checkPasswordForWriting } from './keystore-password.ts'
import { encryptWithPassword, octetString } from './pbe-encrypt.ts'
import { encodePem } from './pem.ts'

/** A PEM keystore to write; without a password the key is in the open. */
export interface PemOrder extends KeystoreOrder {
  /** 8 to 128 characters of printable ASCII. */
  readonly password?: string
  readonly iterations?: number
}

/**
 * PEM text of a chain, leaf first, and its key: PKCS#8, encrypted (PBES2 with AES-256) when a
 * password is given.
 */
export async function writePem(order: PemOrder): Promise<string> {
  checkKeystoreOrder(order)
  const certificates = order.chain.map(({ raw }) => encodePem('CERTIFICATE', raw))
  const pkcs8 = order.privateKey.export({ format: 'der', type: 'pkcs8' })
  const key =
    order.password === undefined
      ? encodePem('PRIVATE KEY', pkcs8)
      : await encryptedKey(pkcs8, order.password, order.iterations)
  pkcs8.fill(0)
  return [...certificates, key].join('')
}

async function encryptedKey(
  pkcs8: Uint8Array,
  password: string,
  iterations: number | undefined,
): Promise<string> {
  checkPasswordForWriting(password)
  const options = { flavour: 'modern', iterations: checkIterationsForWriting(iterations) } as const
  const { algorithm, data } = await encryptWithPassword(pkcs8, password, options)
  return encodePem('ENCRYPTED PRIVATE KEY', sequence(algorithm, octetString(data)))
}
