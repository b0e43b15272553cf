import { X509Certificate } from 'node:crypto'
import {
  type Certificate,
  compareNames,
  equalNames,
  formatName,
  hasControlCharacters,
  type NameSpelling,
  PkiError,
  parseCertificate,
  parseNameDer,
  parseSerial,
} from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { expectThat, type FuzzTarget, OracleError } from '../target.ts'

const spellings: readonly NameSpelling[] = ['rfc2253', 'openssl', 'slash', 'node', 'java']

/**
 * Certificates, beside Node's own reader: what we accept and OpenSSL does not is a finding, and where
 * both accept they must say the same.
 */
export const certificate: FuzzTarget = {
  name: 'certificate',
  kind: 'der',
  corpus: async () => (await certificateCorpus()).certificates.map(({ raw }) => raw),
  run(input) {
    const ours = parseCertificate(input)
    checkNames(ours)
    loadKey(ours)
    const theirs = readByNode(input)
    if (typeof theirs === 'string') throw new OracleError(`OpenSSL: ${theirs}`)
    expectThat(Buffer.compare(ours.raw, theirs.raw) === 0, 'the same bytes')
    expectThat(
      parseSerial(ours.serial.replace('-', '')) ===
        parseSerial(theirs.serialNumber.replace('-', '')),
      'the same serial number',
    )
    return true
  },
  refuses: (error) => error instanceof PkiError,
}

function checkNames({ subject, issuer }: Certificate): void {
  for (const name of [subject, issuer]) {
    for (const spelling of spellings) formatName(name, spelling)
    hasControlCharacters(name)
    const again = parseNameDer(name.raw)
    expectThat(equalNames(name, again), 'a name equals itself, read again')
  }
  compareNames(subject, issuer)
}

/** A key may be one that OpenSSL does not know: that has a code of its own. */
function loadKey(ours: Certificate): void {
  try {
    expectThat(ours.publicKey.type === 'public', 'a certificate has a public key')
  } catch (error) {
    if (!(error instanceof PkiError)) throw error
  }
}

function readByNode(input: Uint8Array): X509Certificate | string {
  try {
    return new X509Certificate(input)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
