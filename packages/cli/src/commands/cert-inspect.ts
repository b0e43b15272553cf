import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { KeystoreReport } from '@twinlatch/pki'
import { type Command, Option } from 'commander'
import { CliError, Exit, exitCodes } from '../cli-error.ts'
import { type PasswordOptions, readPassword } from '../password.ts'
import { withPassword } from '../server-options.ts'
import { type OutputFormat, parseOutputFormat, renderObject, type Terminal } from '../terminal.ts'

const levels = ['info', 'warn', 'error'] as const
type Level = (typeof levels)[number]

interface InspectOptions extends PasswordOptions {
  readonly output: OutputFormat
  readonly failOn?: Level
}

/** Far above any keystore; pki's own limit names the exact one. */
const fileBytesMax = 64 * 1024 * 1024

/** `cert inspect`: what a keystore or certificate file is, and what is wrong with it; offline. */
export function addInspectCommand(cert: Command, terminal: Terminal): void {
  withPassword(cert.command('inspect').argument('<file|url|->'))
    .description('say what a keystore, certificate or TLS server is, and what is wrong with it')
    .addOption(
      new Option('-o, --output <format>', 'table for people, json or yaml')
        .default('table')
        .argParser(parseOutputFormat),
    )
    .addOption(
      new Option(
        '--fail-on <level>',
        'exit 3 when there is a finding of that level or above',
      ).choices([...levels]),
    )
    .action((source: string, options: InspectOptions) => inspect(source, options, terminal))
}

async function inspect(source: string, options: InspectOptions, terminal: Terminal): Promise<void> {
  const { inspectKeystore, renderKeystoreReport } = await import('@twinlatch/pki')
  const render = (report: KeystoreReport) =>
    renderKeystoreReport(report, { ascii: terminal.symbols.pass === '+' }).join('\n')
  const { bytes, fileName } = await readSource(source, options)
  const password = await readPassword(options, null)
  const inspected = await inspectKeystore(bytes, {
    now: new Date(),
    ...(fileName === null ? {} : { fileName }),
    ...(password ? { password: password.reveal() } : {}),
  })
  const report = isUrl(source) ? asServer(inspected, new URL(source)) : inspected
  terminal.out(renderObject(report, options.output) ?? render(report))
  if (!report.opened) throw unreadable(report)
  const threshold = options.failOn ? levels.indexOf(options.failOn) : levels.length
  if (report.findings.some(({ level }) => levels.indexOf(level) >= threshold)) {
    throw new Exit(exitCodes.findings)
  }
}

const isUrl = (source: string) => /^https:\/\//i.test(source)

/** A server's certificate need not be good for clients, and a server has a name but no file. */
function asServer(report: KeystoreReport, { host }: URL): KeystoreReport {
  const findings = report.findings.filter(({ code }) => code !== 'CRT104')
  return { ...report, fileName: host, findings }
}

function unreadable(report: KeystoreReport): Error {
  if (report.password === 'wrong') return new CliError('wrong password')
  if (report.password === 'missing') {
    return new CliError('A password is needed to read this file.', {
      cure: 'Give it with --password-stdin, --password-file FILE or TWINLATCH_PASSWORD.',
    })
  }
  return new Exit(exitCodes.failed)
}

async function readSource(
  source: string,
  options: InspectOptions,
): Promise<{ bytes: Uint8Array; fileName: string | null }> {
  if (isUrl(source)) {
    const { fetchServerChain } = await import('./server-chain.ts')
    return { bytes: Buffer.from(await fetchServerChain(new URL(source))), fileName: null }
  }
  if (source === '-') {
    if (options.passwordStdin) {
      throw new CliError('File and password cannot both come from standard input.', {
        exitCode: exitCodes.usage,
      })
    }
    return { bytes: await readStdin(), fileName: null }
  }
  try {
    if (statSync(source).size > fileBytesMax) throw new CliError(`${source} is larger than 64 MiB.`)
    return { bytes: readFileSync(source), fileName: basename(source) }
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${source} cannot be read.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += chunk.length
    if (total > fileBytesMax) throw new CliError('Standard input is larger than 64 MiB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
