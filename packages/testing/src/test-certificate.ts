import type { KeyObject } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Certificate, encodePem, writePkcs12 } from '@twinlatch/pki'

/** A leaf with its key, as its owner has it. */
export interface TestCertificate {
  readonly certificate: Certificate
  readonly privateKey: KeyObject
  /** What its owner sends: leaf first, no root. */
  readonly chain: readonly Certificate[]
  readonly root: Certificate
  /** PEM of `chain`, for the `cert` option of `node:tls`. */
  readonly chainPem: string
  /** PKCS#8 PEM, for its `key` option. */
  readonly privateKeyPem: string
  /** Chain and root in one PKCS#12 file, as our own authority hands it out. */
  toPkcs12(password: string, flavour?: 'modern' | 'compat'): Promise<Uint8Array>
  /** Writes `<name>.crt`, `<name>.key` and `<name>-ca.crt` (mode 0600) and returns their paths. */
  writeTo(directory: string, name?: string): Promise<TestCertificateFiles>
}

/** Paths of PEM files, as `openssl` and `curl` take them. */
export interface TestCertificateFiles {
  readonly certificate: string
  readonly key: string
  readonly authority: string
}

/** The parts of a certificate with everything that is derived from them. */
export function createTestCertificate(
  parts: Pick<TestCertificate, 'certificate' | 'privateKey' | 'chain' | 'root'>,
): TestCertificate {
  const { privateKey, chain, root } = parts
  const chainPem = pemOf(chain)
  const privateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return {
    ...parts,
    chainPem,
    privateKeyPem,
    toPkcs12: (password, flavour = 'modern') =>
      writePkcs12({
        ...{ privateKey, password, flavour, friendlyName: 'test' },
        chain: chain.some(({ sha256 }) => sha256 === root.sha256) ? chain : [...chain, root],
      }),
    writeTo: async (directory, name = 'client') => {
      await mkdir(directory, { recursive: true, mode: 0o700 })
      const files = {
        certificate: join(directory, `${name}.crt`),
        key: join(directory, `${name}.key`),
        authority: join(directory, `${name}-ca.crt`),
      }
      await writePrivately(files.certificate, chainPem)
      await writePrivately(files.key, privateKeyPem)
      await writePrivately(files.authority, pemOf([root]))
      return files
    },
  }
}

/** PEM of certificates, in their order. */
export function pemOf(certificates: readonly Certificate[]): string {
  return certificates.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('')
}

function writePrivately(path: string, text: string): Promise<void> {
  return writeFile(path, text, { mode: 0o600 })
}
