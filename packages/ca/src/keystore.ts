import { createPrivateKey, type KeyObject } from 'node:crypto'
import { Secret } from '@twinlatch/kit'
import { type Certificate, encodePem, readKeystore, writePem, writePkcs12 } from '@twinlatch/pki'
import type { KeyFormat } from './order.ts'

/** A private key and its chain as they are handed out, once. */
export interface KeyPackage {
  /** PKCS#12, or PEM with an encrypted key; `null` when the key goes out in the clear. */
  readonly file: Uint8Array | null
  readonly fileName: string | null
  /** PKCS#8 PEM in the clear, for a Kubernetes TLS Secret only. */
  readonly privateKeyPem: Secret | null
}

/** What is packed: the leaf's key, and leaf, issuing certificate and root in this order. */
export interface KeyPackageContent {
  readonly privateKey: KeyObject
  readonly chain: readonly Certificate[]
  /** Friendly name of the entry; file names are made from it. */
  readonly name: string
  readonly password: Secret | null
}

/** Packs a key in the format that was ordered (pki.md section 4.2). */
export async function packKey(format: KeyFormat, content: KeyPackageContent): Promise<KeyPackage> {
  const { privateKey, name } = content
  const chain = [...content.chain]
  if (format === 'pem-secret') {
    const der = privateKey.export({ type: 'pkcs8', format: 'der' })
    const privateKeyPem = new Secret(encodePem('PRIVATE KEY', der))
    der.fill(0)
    return { file: null, fileName: null, privateKeyPem }
  }
  const password = passwordOf(content)
  const file =
    format === 'pem'
      ? Buffer.from(await writePem({ privateKey, chain, password }))
      : await writePkcs12({
          privateKey,
          chain,
          password,
          friendlyName: friendlyNameOf(name),
          flavour: format,
        })
  const ending = format === 'pem' ? 'pem' : 'p12'
  return { file, fileName: `${fileNameOf(name)}.${ending}`, privateKeyPem: null }
}

/**
 * Opens a package again as its receiver will, with the password. The key and the chain that were
 * really in it come back, for comparison with what should be.
 */
export async function reopenKey(
  packed: KeyPackage,
  content: KeyPackageContent,
): Promise<{ privateKey: KeyObject; chain: readonly Certificate[] } | null> {
  if (packed.privateKeyPem) {
    return { privateKey: createPrivateKey(packed.privateKeyPem.reveal()), chain: content.chain }
  }
  if (!packed.file || !packed.fileName) return null
  const { entries } = await readKeystore(packed.file, {
    password: passwordOf(content),
    fileName: packed.fileName,
  })
  return entries[0] ?? null
}

function passwordOf({ password }: KeyPackageContent): string {
  if (password) return password.reveal()
  throw new TypeError('an order for a file was admitted without a password')
}

/** The attribute is a BMPString (RFC 7292 section 4.2), which ends at U+FFFF; a CN does not. */
function friendlyNameOf(name: string): string {
  return name.replaceAll(/[\u{10000}-\u{10ffff}]/gu, '_')
}

/** Anything but letters, digits and . _ - becomes `_`: the name is typed by people and becomes a path. */
function fileNameOf(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '_')
}
