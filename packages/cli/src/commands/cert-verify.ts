import { readFile, stat } from 'node:fs/promises'
import { messageOf } from '@twinlatch/kit'
import type { Certificate, ChainPurpose } from '@twinlatch/pki'
import type { OfflineVerdict } from '@twinlatch/trust'
import { type Command, Option } from 'commander'
import { CliError, Exit, exitCodes } from '../cli-error.ts'
import { collect } from '../server-options.ts'
import { type OutputFormat, parseOutputFormat, renderObject, type Terminal } from '../terminal.ts'

interface VerifyOptions {
  readonly ca: string
  readonly crl?: readonly string[]
  readonly at?: Date
  readonly purpose?: ChainPurpose
  readonly name?: string
  readonly against?: string
  readonly output: OutputFormat
}

/** A bundle of 500 authorities has 1 MiB; the largest revocation list in PEM has 11 MiB. */
const fileBytesMax = 16 * 1024 * 1024

/** `cert verify`: the verdict of a host with that bundle on a chain, without a connection. */
export function addVerifyCommand(cert: Command, terminal: Terminal): void {
  cert
    .command('verify')
    .argument('<chain>', 'PEM or DER file; its first certificate is the leaf')
    .description('judge a chain offline by the rules of a host: exit 0 accepted, 4 refused')
    .requiredOption('--ca <bundle>', 'PEM file; every certificate in it is trusted')
    .option(
      '--crl <file>',
      'revocation lists; with one, every issuer needs one (repeatable)',
      collect,
    )
    .option('--at <time>', 'judge as of that time, such as 2027-01-31T12:00:00Z', parseTime)
    .addOption(
      new Option('--purpose <purpose>', 'what the leaf is presented for (default: client)').choices(
        ['client', 'server'],
      ),
    )
    .option(
      '--name <host>',
      'host the server must be named for (RFC 9525); implies --purpose server',
    )
    .addOption(
      new Option('--against <host>', 'ask a running host instead (not built yet)').hideHelp(),
    )
    .addOption(
      new Option('-o, --output <format>', 'table for people, json or yaml')
        .default('table')
        .argParser(parseOutputFormat),
    )
    .addHelpText(
      'after',
      '\nExit code 0: accepted; 4: refused, with code and reason; 1: a file cannot be read.',
    )
    .action((chain: string, options: VerifyOptions) => verify(chain, options, terminal))
}

async function verify(file: string, options: VerifyOptions, terminal: Terminal): Promise<void> {
  const purpose = purposeOf(options)
  const { parseCertificates, parseRevocationLists } = await import('@twinlatch/pki')
  const { judgeOffline } = await import('@twinlatch/trust')
  const { chain, warnings } = await readChain(file)
  const lists = (options.crl ?? []).map((path) => readWith(path, parseRevocationLists))
  const question = {
    chain,
    anchors: await readWith(options.ca, parseCertificates),
    crls: (await Promise.all(lists)).flat(),
    time: options.at ?? new Date(),
    purpose,
    host: options.name ?? null,
  }
  const verdict = judgeOffline(question)
  const report = await reportOf(verdict, question, warnings)
  for (const warning of warnings) terminal.note(`${terminal.symbols.warn} ${warning}`)
  terminal.out(renderObject(report, options.output) ?? textOf(report, terminal))
  if (!verdict.accepted) throw new Exit(exitCodes.denied)
}

function purposeOf({ against, purpose, name }: VerifyOptions): ChainPurpose {
  if (against !== undefined) {
    throw new CliError('"twinlatch cert verify --against" is not built yet.', {
      exitCode: exitCodes.usage,
      cure: 'Give the bundle of the host with --ca FILE.',
    })
  }
  if (name !== undefined && purpose === 'client') {
    throw new CliError('--name is for servers: no host checks the name of a client.', {
      exitCode: exitCodes.usage,
    })
  }
  return purpose ?? (name === undefined ? 'client' : 'server')
}

type Chain = readonly [Certificate, ...Certificate[]]

async function readChain(file: string): Promise<{ chain: Chain; warnings: string[] }> {
  const { decodePem, parseCertificate } = await import('@twinlatch/pki')
  const warnings: string[] = []
  const chain = await readWith(file, (bytes): Chain => {
    const isDer = bytes[0] === 0x30
    const blocks = isDer
      ? [bytes]
      : decodePem(Buffer.from(bytes).toString('utf8'))
          .filter(({ label }) => label === 'CERTIFICATE')
          .map(({ der }) => der)
    const [leaf, ...others] = blocks
    if (leaf === undefined) throw new Error('It holds no certificate.')
    // What stands above the leaf and does not parse is on no path (gateway.md section 4.1(1)).
    const above = others.flatMap((der, index) => {
      try {
        return [parseCertificate(der)]
      } catch (error) {
        warnings.push(`certificate ${index + 2} is passed over: ${messageOf(error)}`)
        return []
      }
    })
    return [parseCertificate(leaf), ...above]
  })
  return { chain, warnings }
}

async function readWith<T>(path: string, parse: (bytes: Uint8Array) => T): Promise<T> {
  try {
    if ((await stat(path)).size > fileBytesMax) throw new Error('It is larger than 16 MiB.')
    return parse(await readFile(path))
  } catch (error) {
    throw new CliError(`${path} cannot be read.`, { why: messageOf(error), cause: error })
  }
}

interface Report {
  readonly verdict: 'accepted' | 'refused'
  readonly code: string | null
  readonly stage: string | null
  readonly reason: string | null
  readonly purpose: ChainPurpose
  readonly at: string
  /** Leaf first, anchor last; empty when refused. */
  readonly path: readonly ReportedLink[]
  /** The certificate that the refusal is about. */
  readonly certificate: ReportedLink | null
  readonly warnings: readonly string[]
}

interface ReportedLink {
  readonly subject: string
  readonly issuer: string
  readonly serial: string
  readonly sha256: string
  readonly notBefore: string
  readonly notAfter: string
}

async function reportOf(
  verdict: OfflineVerdict,
  { purpose, time }: { purpose: ChainPurpose; time: Date },
  warnings: readonly string[],
): Promise<Report> {
  const { formatName } = await import('@twinlatch/pki')
  const { stageOfCode } = await import('@twinlatch/trust')
  const link = (certificate: Certificate): ReportedLink => ({
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    serial: certificate.serial,
    sha256: certificate.sha256,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
  })
  const about = { purpose, at: time.toISOString(), warnings }
  if (verdict.accepted) {
    const path = verdict.path.map(link)
    return { verdict: 'accepted', ...none, ...about, path, certificate: null }
  }
  const { code, summary } = verdict.refusal
  const certificate = verdict.certificate === null ? null : link(verdict.certificate)
  const refusal = { verdict: 'refused', code, stage: stageOfCode[code], reason: summary } as const
  return { ...refusal, ...about, path: [], certificate }
}

const none = { code: null, stage: null, reason: null }

function textOf(report: Report, { symbols }: Terminal): string {
  if (report.verdict === 'refused') {
    const help = `    help       twinlatch help codes ${report.code}`
    return `${symbols.fail} refused   ${report.code}\n    ${report.reason}\n${help}`
  }
  const lines = report.path.map(({ subject, notAfter }, index) => {
    const role = index === 0 ? 'leaf' : index === report.path.length - 1 ? 'anchor' : 'issuer'
    return `    ${role.padEnd(11)}${subject || '(no subject)'}, until ${notAfter.slice(0, 10)}`
  })
  return [`${symbols.pass} accepted as a TLS ${report.purpose}`, ...lines].join('\n')
}

function parseTime(text: string): Date {
  const time = new Date(text)
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/.test(
    text,
  )
  if (isIso && !Number.isNaN(time.getTime())) return time
  throw new CliError(`"${text}" is not a time.`, {
    exitCode: exitCodes.usage,
    cure: 'Write it as 2027-01-31T12:00:00Z, or 2027-01-31 for the first moment of that day in UTC.',
  })
}
