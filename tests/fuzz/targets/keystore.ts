import {
  detectKeystoreKind,
  inspectKeystore,
  inspectPkcs12,
  type Pkcs12Structure,
  PkiError,
  readKeystore,
  renderKeystoreReport,
} from '@twinlatch/pki'
import { certificateCorpus } from '../corpus/certificates.ts'
import { corpusPassword, keystoreCorpus } from '../corpus/keystores.ts'
import { openedKeystore } from '../corpus/opened-keystore.ts'
import { expectThat, type FuzzTarget } from '../target.ts'

/** Rounds of derivation that fit the time of one input; more of them, up to the limit, are honest work. */
const roundsMax = 5_000

/** PKCS#12 files of all writers: reading, the outline without password, and the report. */
export const pkcs12: FuzzTarget = {
  name: 'pkcs12',
  kind: 'der',
  async corpus() {
    const { pkcs12: files } = await keystoreCorpus()
    return Promise.all(
      files.map((file) =>
        roundsOf(file) > roundsMax ? openedKeystore(file, corpusPassword) : file,
      ),
    )
  },
  run: readAndInspect,
  refuses: (error) => error instanceof PkiError,
}

/** The same for everything else that is brought as a keystore, as the bytes that it is. */
export const keystoreFile: FuzzTarget = {
  name: 'keystore-file',
  kind: 'bytes',
  async corpus() {
    const { pem, others, pkcs12: files } = await keystoreCorpus()
    const { certificates } = await certificateCorpus()
    return [...pem, ...others, ...files, ...certificates.map(({ raw }) => raw)]
  },
  run: readAndInspect,
  refuses: (error) => error instanceof PkiError,
}

async function readAndInspect(input: Uint8Array): Promise<boolean> {
  detectKeystoreKind(input)
  if (roundsOf(input) > roundsMax) return false
  const inspection = { password: corpusPassword, fileName: 'fuzz.p12', now: new Date(0) }
  const report = await inspectKeystore(input, inspection)
  const lines = renderKeystoreReport(report).join('\n')
  expectThat(!/[^\P{Cc}\n]/u.test(lines), 'a report holds no control characters')
  expectThat(
    lines.length <= input.length * 40 + 20_000,
    'a report is not much longer than its file',
  )
  // Without the MAC, mutations reach what it covers; that reading demands one is tested elsewhere.
  const options = { password: corpusPassword, allowMissingMac: true }
  const { entries } = await readKeystore(input, options)
  const reason = report.findings.map(({ code, text }) => `${code} ${text}`).join(', ')
  expectThat(report.opened || entries.length === 0, `read, yet not opened: ${reason}`)
  return report.opened
}

function roundsOf(input: Uint8Array): number {
  const encryptedPem = /BEGIN ENCRYPTED PRIVATE KEY/.test(Buffer.from(input).toString('latin1'))
  // Its rounds lie in base64: the mutated ones are the business of the limits' own tests.
  if (encryptedPem) return input.length % 8 === 0 ? 0 : roundsMax + 1
  try {
    return sumOfRounds(inspectPkcs12(input))
  } catch (error) {
    if (error instanceof PkiError) return 0
    throw error
  }
}

function sumOfRounds({ mac, parts }: Pkcs12Structure): number {
  const ofParts = parts.flatMap(({ encryption, bags }) => [
    encryption?.iterations ?? 0,
    ...(bags ?? []).map((bag) => bag.encryption?.iterations ?? 0),
  ])
  return ofParts.reduce((sum, rounds) => sum + rounds, mac?.iterations ?? 0)
}
