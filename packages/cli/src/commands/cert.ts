import type { CertificateOrderBody, IssuedCertificateBody } from '@twinlatch/client'
import { type Command, Option } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import { assertWritable, writeSecretFile } from '../output-file.ts'
import { type PasswordOptions, requirePassword } from '../password.ts'
import {
  collect,
  parseWholeNumber,
  printOrWatch,
  withConnection,
  withList,
  withPassword,
  withServer,
} from '../server-options.ts'
import { type Column, type OutputFormat, renderRows, type Terminal } from '../terminal.ts'
import { addInspectCommand } from './cert-inspect.ts'
import { addVerifyCommand } from './cert-verify.ts'
import type { SecretName } from './secret-manifest.ts'

/** `cert issue`, `list`, `show`, `inspect` and `verify`. */
export function addCertCommands(program: Command, terminal: Terminal): void {
  const cert = program
    .command('cert')
    .aliases(['certificate', 'certificates', 'certs'])
    .description('certificates: issue, list, show, inspect, verify')
  addIssueCommand(cert, terminal)
  addListCommand(cert, terminal)
  addShowCommand(cert, terminal)
  addInspectCommand(cert, terminal)
  addVerifyCommand(cert, terminal)
}

type KeyType = NonNullable<CertificateOrderBody['keyType']>

interface IssueOptions extends ServerOptions, PasswordOptions {
  readonly ou?: readonly string[]
  readonly userId?: string
  readonly profile: 'client' | 'partner' | 'server'
  readonly san?: readonly string[]
  readonly days?: number
  readonly keyType?: KeyType | 'ec'
  readonly format: 'modern' | 'compat' | 'pem'
  readonly output?: string
  readonly asSecret?: string
  readonly ifMissing?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

function addIssueCommand(cert: Command, terminal: Terminal): void {
  withPassword(withServer(cert.command('issue').argument('<name>', 'common name')))
    .description('issue a certificate with its key, as a password-protected keystore')
    .option(
      '--ou <value>',
      "organizational unit, in place of the profile's own (repeatable)",
      collect,
    )
    .option('--user-id <id>', 'id written behind the common name (default: P000000)')
    .addOption(
      new Option('--profile <profile>', 'what it is for')
        .choices(['client', 'partner', 'server'])
        .default('client'),
    )
    .option('--san <san>', 'DNS:name, URI:uri, IP:address or EMAIL:address (repeatable)', collect)
    .option(
      '--days <n>',
      'validity in days (default: 365, server 90)',
      parseWholeNumber('--days', 1, 398),
    )
    .addOption(
      new Option('--key-type <type>', 'key to generate (default: rsa2048, server ec-p256)').choices(
        [...['rsa2048', 'rsa4096', 'ec-p256', 'ec-p384', 'ec']],
      ),
    )
    .addOption(
      new Option('--format <format>', 'PKCS#12 modern or compat (old Java and Windows), or PEM')
        .choices(['modern', 'compat', 'pem'])
        .default('modern'),
    )
    .option(
      '-o, --output <file>',
      'file to write (default: <name>.p12, with --format pem <name>.pem)',
    )
    .option(
      '--as-secret <namespace/name>',
      'print a Kubernetes TLS Secret for "apply -f -" instead',
    )
    .option('--if-missing', 'do nothing when an unexpired certificate of that name exists')
    .option('--force', 'overwrite the file')
    .option('--json', 'machine-readable summary on stdout')
    .action((name: string, options: IssueOptions) =>
      options.asSecret === undefined
        ? issueKeystore(name, options, terminal)
        : issueSecret(name, options.asSecret, options, terminal),
    )
}

async function issueKeystore(
  name: string,
  options: IssueOptions,
  terminal: Terminal,
): Promise<void> {
  const file = options.output ?? `${name}.${options.format === 'pem' ? 'pem' : 'p12'}`
  const force = options.force === true
  await assertWritable(file, { force })
  const password = await requirePassword(options, 'of the keystore')
  const order = { ...orderOf(name, options), format: options.format, password: password.reveal() }
  const issued = await withConnection(options, ({ ca }) => ca.issue(order))
  if (!issued.file) return reportExisting(issued, options, terminal)
  const written = await writeSecretFile(file, Buffer.from(issued.file, 'base64'), { force })
  const { file: _content, ...summary } = issued
  if (options.json) return terminal.out(JSON.stringify({ ...summary, path: written }, null, 2))
  const kind = options.format === 'pem' ? 'PEM, encrypted key' : `PKCS#12 ${options.format}`
  const pass = terminal.symbols.pass
  terminal.out(`${pass} ${file}   ${kind}, chain of 3, until ${issued.notAfter.slice(0, 10)}`)
  terminal.out(`    subject    ${issued.subject}`)
  terminal.out(`    issuer     ${issued.issuer}`)
  terminal.out(`    use it     twinlatch ks upload ${file} --password-stdin`)
}

async function issueSecret(
  name: string,
  target: string,
  options: IssueOptions,
  terminal: Terminal,
): Promise<void> {
  const secret = parseSecretName(target)
  const order = { ...orderOf(name, options), format: 'pem-secret' as const }
  const issued = await withConnection(options, ({ ca }) => ca.issue(order))
  if (!issued.privateKeyPem) return reportExisting(issued, options, terminal)
  const { tlsSecretOf } = await import('./secret-manifest.ts')
  terminal.out(tlsSecretOf(secret, { ...issued, privateKeyPem: issued.privateKeyPem }))
}

function reportExisting(
  existing: IssuedCertificateBody,
  options: IssueOptions,
  terminal: Terminal,
): void {
  if (options.json) {
    terminal.out(JSON.stringify(existing, null, 2))
    return
  }
  const text = `${existing.name} exists (serial ${existing.serial}, until ${existing.notAfter}); nothing was issued.`
  terminal.note(`${terminal.symbols.skip} ${text}`)
}

function orderOf(name: string, options: IssueOptions): CertificateOrderBody {
  const keyType = options.keyType === 'ec' ? 'ec-p256' : options.keyType
  return {
    commonName: name,
    profile: options.profile,
    ...(options.days === undefined ? {} : { validity: { value: options.days, unit: 'DAYS' } }),
    ...(keyType === undefined ? {} : { keyType }),
    ...(options.ou ? { organizationalUnits: options.ou } : {}),
    ...(options.userId ? { userId: options.userId } : {}),
    ...(options.san ? { san: options.san.map(parseSan) } : {}),
    ...(options.ifMissing ? { ifMissing: true } : {}),
  }
}

const sanTypes = new Map([
  ['DNS', 'dns'],
  ['URI', 'uri'],
  ['IP', 'ip'],
  ['EMAIL', 'email'],
] as const)

function parseSan(text: string): { type: 'dns' | 'uri' | 'ip' | 'email'; value: string } {
  const [prefix = ''] = text.split(':', 1)
  const type = sanTypes.get(prefix.toUpperCase() as 'DNS')
  const value = text.slice(prefix.length + 1)
  if (type && value) return { type, value }
  throw new CliError(`"${text}" is not a subject alternative name.`, {
    exitCode: exitCodes.usage,
    cure: 'Write DNS:name, URI:uri, IP:address or EMAIL:address.',
  })
}

/** `NAMESPACE/NAME` of a Secret, or wrong usage. */
export function parseSecretName(text: string): SecretName {
  const [namespace, name, ...rest] = text.split('/')
  if (namespace && name && rest.length === 0) return { namespace, name }
  throw new CliError(`"${text}" does not name a Secret.`, {
    exitCode: exitCodes.usage,
    cure: 'Write NAMESPACE/NAME, such as istio-system/kyma-mtls.',
  })
}

interface ListOptions extends ServerOptions {
  readonly output: OutputFormat
  readonly headers: boolean
  readonly watch?: boolean
}

function addListCommand(cert: Command, terminal: Terminal): void {
  withList(cert.command('list'))
    .description('list issued certificates')
    .action((options: ListOptions) =>
      withConnection(options, ({ ca }) =>
        printOrWatch(options.watch, terminal.out, async () =>
          renderRows(await ca.list(), columns, {
            format: options.output,
            headers: options.headers,
            nameOf: ({ name }) => `certificate/${name}`,
          }),
        ),
      ),
    )
}

type Row = Awaited<ReturnType<import('@twinlatch/client').CaClient['list']>>[number]

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PROFILE', value: ({ profile }) => profile },
  { title: 'STATUS', value: ({ status }) => status },
  { title: 'UNTIL', value: ({ notAfter }) => notAfter.slice(0, 10) },
  { title: 'SERIAL', wide: true, value: ({ serial }) => serial },
  { title: 'ISSUER', wide: true, value: ({ issuer }) => issuer },
  { title: 'SUBJECT', value: ({ subject }) => subject },
]

function addShowCommand(cert: Command, terminal: Terminal): void {
  withServer(cert.command('show').argument('<name>', 'name, id or serial'))
    .description('show one issued certificate: names in every spelling, chain as PEM')
    .option('--json', 'machine-readable')
    .option('--chain', 'print the PEM chain only')
    .action(async (name: string, options: ServerOptions & { json?: boolean; chain?: boolean }) => {
      const shown = await withConnection(options, ({ ca }) => ca.show(name))
      if (options.json) return terminal.out(JSON.stringify(shown, null, 2))
      if (options.chain) return terminal.out(shown.chain.trimEnd())
      terminal.out(`${shown.name}   ${shown.status}, ${shown.keyType}, profile ${shown.profile}`)
      for (const [title, value] of [
        ['subject', shown.subject],
        ['issuer', shown.issuer],
        ['serial', shown.serial],
        ['sha256', shown.sha256],
        ['valid', `${shown.notBefore} to ${shown.notAfter}`],
        ['openssl', shown.subjectForms.openssl],
        ['slash', shown.subjectForms.slash],
        ['java', shown.subjectForms.java],
      ] as const) {
        terminal.out(`  ${title.padEnd(9)}${value}`)
      }
    })
}
