import { readFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import type { CertificateBody } from '@twinlatch/client'
import type { Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { confirm } from '../confirm.ts'
import type { ServerOptions } from '../connection.ts'
import { type PasswordOptions, readPassword } from '../password.ts'
import {
  printOrWatch,
  withConnection,
  withList,
  withPassword,
  withServer,
} from '../server-options.ts'
import { type Column, type OutputFormat, renderRows, type Terminal } from '../terminal.ts'

/** As the vault's own limit (pki.md section 4.4), so that a huge file is refused before it is read. */
const keystoreBytesMax = 1024 * 1024

type Row = Pick<CertificateBody, 'Name' | 'Type'> & { readonly Bytes: number }

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ Name }) => Name },
  { title: 'TYPE', value: ({ Type }) => Type ?? 'CERTIFICATE' },
  { title: 'BYTES', value: ({ Bytes }) => String(Bytes) },
]

/** `ks upload`, `list` and `delete`: the destination vault of a subaccount. */
export function addKeystoreCommands(program: Command, terminal: Terminal): void {
  const keystore = program
    .command('keystore')
    .aliases(['ks', 'keystores'])
    .description('keystores in the destination vault: upload, list, delete')

  withPassword(withServer(keystore.command('upload').argument('<file>')))
    .description('open a keystore here, then put it into the vault as it is')
    .option('--name <name>', 'name in the vault (default: the name of the file)')
    .action((file: string, options: ServerOptions & PasswordOptions & { name?: string }) =>
      upload(file, options, terminal),
    )

  withList(keystore.command('list'))
    .description('list the keystores of the vault')
    .action(
      (options: ServerOptions & { output: OutputFormat; headers: boolean; watch?: boolean }) =>
        withConnection(options, ({ destinations }) =>
          printOrWatch(options.watch, terminal.out, async () =>
            renderRows((await destinations.listCertificates('subaccount')).map(rowOf), columns, {
              format: options.output,
              headers: options.headers,
              nameOf: ({ Name }) => `keystore/${Name}`,
            }),
          ),
        ),
    )

  withServer(keystore.command('delete').argument('<name>'))
    .description('remove a keystore from the vault')
    .option('--yes', 'do it without asking')
    .action(async (name: string, options: ServerOptions & { yes?: boolean }) => {
      await confirm('keystore', name, options.yes)
      await withConnection(options, ({ destinations }) =>
        destinations.deleteCertificate('subaccount', name),
      )
      terminal.out(`${terminal.symbols.pass} keystore ${name} deleted`)
    })
}

/** A list shows no content: it is key material (JSON output too). */
function rowOf({ Name, Type, Content }: CertificateBody): Row {
  return { Name, Type: Type ?? 'CERTIFICATE', Bytes: Buffer.from(Content, 'base64').length }
}

async function upload(
  file: string,
  options: ServerOptions & PasswordOptions & { name?: string },
  terminal: Terminal,
): Promise<void> {
  const bytes = readKeystoreFile(file)
  const name = options.name ?? basename(file)
  const password = await readPassword(options, `Password of ${file}: `)
  const { readKeystore } = await import('@twinlatch/pki')
  const opened = await readKeystore(bytes, {
    fileName: name,
    ...(password ? { password: password.reveal() } : {}),
  })
  await withConnection(options, ({ destinations }) =>
    destinations.uploadCertificate('subaccount', {
      Name: name,
      Type: 'CERTIFICATE',
      Content: bytes.toString('base64'),
    }),
  )
  const { formatName } = await import('@twinlatch/pki')
  terminal.out(`${terminal.symbols.pass} keystore ${name} uploaded`)
  for (const { certificate, chain } of opened.entries) {
    terminal.out(`    key of     ${formatName(certificate.subject)}`)
    terminal.out(
      `    chain of   ${chain.length}, until ${certificate.notAfter.toISOString().slice(0, 10)}`,
    )
  }
}

function readKeystoreFile(file: string): Buffer {
  try {
    if (statSync(file).size > keystoreBytesMax) {
      throw new CliError(`${file} is larger than a keystore may be (1 MiB).`)
    }
    return readFileSync(file)
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${file} cannot be read.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
