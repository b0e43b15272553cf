import type { DestinationBody } from '@twinlatch/client'
import { type Command, Option } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { confirm } from '../confirm.ts'
import type { ServerOptions } from '../connection.ts'
import { readPassword } from '../password.ts'
import {
  collect,
  outputOption,
  printOrWatch,
  withConnection,
  withList,
  withServer,
} from '../server-options.ts'
import {
  type Column,
  type OutputFormat,
  renderObject,
  renderRows,
  type Terminal,
} from '../terminal.ts'
import { holdsSecret } from './secret-property.ts'

const columns: readonly Column<DestinationBody>[] = [
  { title: 'NAME', value: (row) => row['Name'] ?? '' },
  { title: 'TYPE', value: (row) => row['Type'] ?? '' },
  { title: 'AUTHENTICATION', value: (row) => row['Authentication'] ?? 'NoAuthentication' },
  { title: 'KEYSTORE', value: (row) => row['KeyStoreLocation'] ?? '' },
  { title: 'URL', value: (row) => row['URL'] ?? '' },
]

/** `dest create`, `import`, `list`, `get`, `find` and `delete`. */
export function addDestinationCommands(program: Command, terminal: Terminal): void {
  const destination = program
    .command('destination')
    .aliases(['dest', 'destinations'])
    .description('destinations: create, import, list, get, find, delete')
  addCreateCommand(destination, terminal)
  addImportCommand(destination, terminal)
  addReadCommands(destination, terminal)

  withServer(destination.command('delete').argument('<name>'))
    .description('delete a destination')
    .option('--yes', 'do it without asking')
    .action(async (name: string, options: ServerOptions & { yes?: boolean }) => {
      await confirm('destination', name, options.yes)
      await withConnection(options, ({ destinations }) => destinations.delete('subaccount', name))
      terminal.out(`${terminal.symbols.pass} destination ${name} deleted`)
    })
}

interface KeystorePasswordOptions {
  readonly keystorePasswordStdin?: boolean
  readonly keystorePasswordFile?: string
}

interface CreateOptions extends ServerOptions, KeystorePasswordOptions {
  readonly url: string
  readonly auth: string
  readonly keystore?: string
  readonly dynamic?: boolean
  readonly property?: readonly string[]
}

function withKeystorePassword(command: Command): Command {
  return command
    .option('--keystore-password-stdin', 'read the password of the keystore from standard input')
    .option('--keystore-password-file <file>', 'read the password of the keystore from a file')
}

function addCreateCommand(destination: Command, terminal: Terminal): void {
  withKeystorePassword(withServer(destination.command('create').argument('<name>')))
    .description('create a destination')
    .requiredOption('--url <url>', 'where it leads')
    .addOption(
      new Option(
        '--auth <kind>',
        'NoAuthentication, BasicAuthentication or ClientCertificateAuthentication',
      ).default('NoAuthentication'),
    )
    .option('--keystore <name>', 'keystore of the vault that holds the client certificate')
    .option('--dynamic', 'usable by dynamic routes (HTML5.DynamicDestination)')
    .option('--property <k=v>', 'additional property, not for secrets (repeatable)', collect)
    .action(async (name: string, options: CreateOptions) => {
      const body = await destinationOf(name, options)
      await withConnection(options, ({ destinations }) => destinations.create('subaccount', body))
      const where = options.subaccount ?? process.env['TWINLATCH_SUBACCOUNT'] ?? 'dev'
      terminal.out(`${terminal.symbols.pass} destination ${name} created in subaccount ${where}`)
    })
}

async function destinationOf(name: string, options: CreateOptions): Promise<DestinationBody> {
  const password = await readKeystorePassword(options)
  return {
    Name: name,
    Type: 'HTTP',
    URL: options.url,
    ProxyType: 'Internet',
    Authentication: options.auth,
    ...(options.keystore ? { KeyStoreLocation: options.keystore } : {}),
    ...(password ? { KeyStorePassword: password } : {}),
    ...(options.dynamic ? { 'HTML5.DynamicDestination': 'true' } : {}),
    ...Object.fromEntries((options.property ?? []).map(parseProperty)),
  }
}

async function readKeystorePassword(options: KeystorePasswordOptions): Promise<string | null> {
  if (!options.keystorePasswordStdin && options.keystorePasswordFile === undefined) return null
  const password = await readPassword(
    {
      ...(options.keystorePasswordStdin ? { passwordStdin: true } : {}),
      ...(options.keystorePasswordFile ? { passwordFile: options.keystorePasswordFile } : {}),
    },
    null,
  )
  return password?.reveal() ?? null
}

function parseProperty(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  const name = text.slice(0, at)
  if (at < 1) {
    throw new CliError(`"${text}" is not a property.`, {
      exitCode: exitCodes.usage,
      cure: 'Write --property name=value.',
    })
  }
  if (holdsSecret(name)) {
    throw new CliError(
      `The property ${name} holds a secret and is not taken from the command line.`,
      {
        exitCode: exitCodes.usage,
        cure: 'Use --keystore-password-file, or import a file with: twinlatch dest import FILE',
      },
    )
  }
  return [name, text.slice(at + 1)]
}

function addImportCommand(destination: Command, terminal: Terminal): void {
  withKeystorePassword(withServer(destination.command('import').argument('<file>')))
    .description('import an export of the cockpit: one destination or an array')
    .option('--force', 'overwrite destinations of the same name')
    .action(
      async (
        file: string,
        options: ServerOptions & KeystorePasswordOptions & { force?: boolean },
      ) => {
        const password = await readKeystorePassword(options)
        const { readExport } = await import('./destination-export.ts')
        const bodies = readExport(file, password)
        await withConnection(options, async ({ destinations }) => {
          for (const body of bodies) {
            const taken = options.force && (await exists(destinations, body['Name'] ?? ''))
            await (taken
              ? destinations.replace('subaccount', body)
              : destinations.create('subaccount', body))
            terminal.out(
              `${terminal.symbols.pass} destination ${body['Name']} ${taken ? 'replaced' : 'created'}`,
            )
          }
        })
      },
    )
}

async function exists(
  destinations: { list(level: 'subaccount'): Promise<DestinationBody[]> },
  name: string,
): Promise<boolean> {
  return (await destinations.list('subaccount')).some((body) => body['Name'] === name)
}

function addReadCommands(destination: Command, terminal: Terminal): void {
  withList(destination.command('list'))
    .description('list the destinations of the subaccount')
    .action(
      (options: ServerOptions & { output: OutputFormat; headers: boolean; watch?: boolean }) =>
        withConnection(options, ({ destinations }) =>
          printOrWatch(options.watch, terminal.out, async () =>
            renderRows((await destinations.list('subaccount')).map(fold), columns, {
              format: options.output,
              headers: options.headers,
              nameOf: (row) => `destination/${row['Name']}`,
            }),
          ),
        ),
    )

  withServer(destination.command('get').argument('<name>'))
    .description('print one destination, secrets folded')
    .addOption(outputOption())
    .action(async (name: string, options: ServerOptions & { output: OutputFormat }) => {
      const found = fold(
        await withConnection(options, ({ destinations }) => destinations.get('subaccount', name)),
      )
      terminal.out(renderObject(found, options.output) ?? renderProperties(found))
    })

  withServer(destination.command('find').argument('<name>'))
    .description('the runtime lookup, as an application sees it, secrets folded')
    .option('--show-secrets', 'print passwords and keystores too')
    .action(async (name: string, options: ServerOptions & { showSecrets?: boolean }) => {
      const found = await withConnection(options, ({ destinations }) => destinations.find(name))
      const shown = options.showSecrets
        ? found
        : {
            ...found,
            destinationConfiguration: fold(found.destinationConfiguration),
            ...(found.certificates
              ? {
                  certificates: found.certificates.map((entry) => ({
                    ...entry,
                    Content: '[secret]',
                  })),
                }
              : {}),
            ...(found.authTokens
              ? { authTokens: found.authTokens.map(({ type }) => ({ type, value: '[secret]' })) }
              : {}),
          }
      terminal.out(JSON.stringify(shown, null, 2))
    })
}

function fold(body: DestinationBody): DestinationBody {
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, holdsSecret(name) ? '[secret]' : value]),
  )
}

function renderProperties(body: DestinationBody): string {
  const width = Math.max(...Object.keys(body).map((name) => name.length))
  return Object.entries(body)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`)
    .join('\n')
}
