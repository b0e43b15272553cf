import type { KeyObject } from 'node:crypto'
import { newId } from '@twinlatch/kit'
import {
  buildName,
  type Certificate,
  type CertificateTemplate,
  createKeySigner,
  encodePem,
  generateKeyPair,
  issueCertificate,
  newSerial,
  validityWindow,
} from '@twinlatch/pki'
import type { Sealer } from '@twinlatch/store'
import type { AuthorityRow } from './ca-tables.ts'
import { type Hierarchy, tiers } from './hierarchies.ts'
import { sealKey } from './signers/sealed-key.ts'

/** What may become of an authority's key (pki.md section 3). */
const keyUsage = ['keyCertSign', 'cRLSign']

/**
 * A new root and the issuing certificate under it, as rows with sealed keys. The root's key signs
 * the one intermediate and is sealed away; leaves never see it.
 */
export async function createHierarchy(
  hierarchy: Hierarchy,
  seal: Sealer,
  now: Date,
): Promise<{ root: AuthorityRow; issuing: AuthorityRow }> {
  const rootKey = await generateKeyPair(tiers.root.keyType)
  const issuingKey = await generateKeyPair(tiers.issuing.keyType)
  const signer = createKeySigner(rootKey.privateKey)
  const root = await issueCertificate(
    {
      ...templateOf('root', now),
      subject: buildName(hierarchy.root),
      publicKey: rootKey.publicKey,
    },
    'self',
    signer,
  )
  const issuing = await issueCertificate(
    {
      ...templateOf('issuing', now),
      subject: buildName(hierarchy.issuing),
      publicKey: issuingKey.publicKey,
    },
    { certificate: root },
    signer,
  )
  const row = (
    role: 'root' | 'issuing',
    certificate: Certificate,
    privateKey: KeyObject,
    issuerId: string | null,
  ): AuthorityRow => {
    const id = newId('auth')
    return {
      id,
      name: hierarchy.name,
      role,
      generation: 1,
      issuer_id: issuerId,
      serial: certificate.serial,
      certificate: encodePem('CERTIFICATE', certificate.raw),
      sealed_key: sealKey(seal, id, privateKey),
      created_at: now.toISOString(),
    }
  }
  const rootRow = row('root', root, rootKey.privateKey, null)
  return { root: rootRow, issuing: row('issuing', issuing, issuingKey.privateKey, rootRow.id) }
}

function templateOf(
  role: 'root' | 'issuing',
  now: Date,
): Omit<CertificateTemplate, 'subject' | 'publicKey'> {
  const { years, pathLength } = tiers[role]
  return {
    serial: newSerial(),
    ...validityWindow({ now, length: { value: years, unit: 'YEARS' } }),
    ca: { pathLength },
    keyUsage,
  }
}
