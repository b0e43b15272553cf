import { type KeyObject, X509Certificate } from 'node:crypto'
import { SocketAddress } from 'node:net'
import { messageOf } from '@twinlatch/kit'
import { type Certificate, verifyChain } from '@twinlatch/pki'
import type { SigningAuthority } from './authority.ts'
import { type KeyPackage, type KeyPackageContent, reopenKey } from './keystore.ts'
import type { AdmittedOrder } from './order.ts'

/** What was just signed and packed, and what it was meant to be. */
export interface Signed {
  readonly order: AdmittedOrder
  readonly authority: SigningAuthority
  readonly serial: string
  readonly certificate: Certificate
  readonly publicKey: KeyObject
  readonly now: Date
  readonly packed: KeyPackage | null
  readonly content: KeyPackageContent
}

interface Check {
  readonly section: string
  readonly claim: string
  holds(signed: Signed): boolean | Promise<boolean>
}

const checks: readonly Check[] = [
  {
    section: 'RFC 5280 section 4.1.1.3',
    claim: 'the signature verifies with the issuer key, in an independent parser',
    holds: ({ certificate, authority }) =>
      new X509Certificate(certificate.raw).verify(authority.issuing.publicKey),
  },
  {
    section: 'RFC 5280 section 4.1.2.4',
    claim: 'the issuer is a byte copy of the subject of the issuing certificate',
    holds: ({ certificate, authority }) =>
      Buffer.compare(certificate.issuer.raw, authority.issuing.subject.raw) === 0,
  },
  {
    section: 'RFC 5280 section 4.1.2.6',
    claim: 'the subject is the one that policy made',
    holds: ({ certificate, order }) =>
      Buffer.compare(certificate.subject.raw, order.subject.raw) === 0,
  },
  {
    section: 'RFC 5280 section 4.1.2.2',
    claim: 'the serial is the one that was drawn: positive and at most 20 octets',
    holds: ({ certificate, serial }) =>
      certificate.serial === serial && /^(?=[0-7])[0-9a-f]{16,40}$/.test(serial),
  },
  {
    section: 'RFC 5280 section 4.1.2.5',
    claim: 'the validity is the ordered one and ends no later than that of the issuer',
    holds: ({ certificate: { notBefore, notAfter }, order: { validity }, authority }) =>
      notBefore.getTime() === validity.notBefore.getTime() &&
      notAfter.getTime() === validity.notAfter.getTime() &&
      notAfter <= authority.issuing.notAfter,
  },
  {
    section: 'pki.md section 3, basicConstraints',
    claim: 'it is a leaf and says so critically',
    holds: ({ certificate }) =>
      certificate.version === 3 &&
      certificate.basicConstraints?.ca === false &&
      isCritical(certificate, '2.5.29.19'),
  },
  {
    section: 'pki.md section 3, keyUsage',
    claim: 'keyUsage is that of the profile, critical',
    holds: ({ certificate, order: { profile } }) =>
      sameTexts(certificate.keyUsage, profile.keyUsage) && isCritical(certificate, '2.5.29.15'),
  },
  {
    section: 'pki.md section 3, extKeyUsage',
    claim: 'extendedKeyUsage is that of the profile',
    holds: ({ certificate, order: { profile } }) =>
      sameTexts(certificate.extendedKeyUsage, profile.extendedKeyUsage),
  },
  {
    section: 'pki.md section 3, SKI and AKI',
    claim: 'the authority key id is the subject key id of the issuer',
    holds: ({ certificate, authority }) =>
      certificate.subjectKeyId !== null &&
      certificate.authorityKeyId !== null &&
      certificate.authorityKeyId === authority.issuing.subjectKeyId,
  },
  {
    section: 'RFC 5280 section 4.2.1.6',
    claim: 'the alternative names are the ordered ones',
    holds: ({ certificate, order }) =>
      sameTexts(
        certificate.subjectAltNames.map(alternativeNameText),
        order.subjectAltNames.map(alternativeNameText),
      ),
  },
  {
    section: 'RFC 5280 section 4.2',
    claim: 'no extension occurs twice',
    holds: ({ certificate: { extensions } }) =>
      new Set(extensions.map(({ oid }) => oid)).size === extensions.length,
  },
  {
    section: 'pki.md section 3.2, the leaf key is the requested one',
    claim: 'the public key in the certificate and the private key belong together',
    holds: ({ certificate, publicKey, content }) =>
      certificate.publicKey.equals(publicKey) &&
      new X509Certificate(certificate.raw).checkPrivateKey(content.privateKey),
  },
  {
    section: 'RFC 5280 section 6.1',
    claim: 'the chain verifies up to the root, for the purpose of the profile',
    holds: ({ certificate, authority, now, order }) =>
      verifyChain({
        leaf: certificate,
        intermediates: [authority.issuing],
        anchors: [authority.root],
        time: now,
        purpose: order.profile.extendedKeyUsage.includes('serverAuth') ? 'server' : 'client',
      }).ok,
  },
  {
    section: 'pki.md section 3.2, the file opens again',
    claim: 'the file opens with its password and holds this key and this chain',
    holds: async ({ packed, content }) => {
      if (!packed) return true
      const found = await reopenKey(packed, content)
      return (
        found?.privateKey.equals(content.privateKey) === true &&
        sameTexts(
          found.chain.map(({ sha256 }) => sha256),
          content.chain.map(({ sha256 }) => sha256),
        )
      )
    },
  },
]

/**
 * Looks at our own output as a stranger would, before anybody gets it (pki.md section 3.2). The
 * result names every check that does not hold, with its section; empty means it may be released.
 */
export async function selfCheck(signed: Signed): Promise<string[]> {
  const faults: string[] = []
  for (const { section, claim, holds } of checks) {
    const fault = `not so: ${claim} (${section})`
    try {
      if (!(await holds(signed))) faults.push(fault)
    } catch (error) {
      // A check that cannot even be made has failed.
      faults.push(`${fault}: ${messageOf(error)}`)
    }
  }
  return faults
}

/** An address has many spellings (RFC 5952); everything else is compared as it was ordered. */
function alternativeNameText({ type, value }: { type: string; value: string }): string {
  return `${type}:${type === 'ip' ? addressText(value) : value}`
}

function addressText(address: string): string {
  return new SocketAddress({ address, family: address.includes(':') ? 'ipv6' : 'ipv4' }).address
}

function isCritical({ extensions }: Certificate, wanted: string): boolean {
  return extensions.some(({ oid, critical }) => oid === wanted && critical)
}

function sameTexts(left: readonly string[] | null, right: readonly string[]): boolean {
  return left !== null && left.length === right.length && left.every((text, i) => text === right[i])
}
