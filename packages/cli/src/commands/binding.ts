import type { BindingBody } from '@twinlatch/client'
import { type Command, Option } from 'commander'
import type { ServerOptions } from '../connection.ts'
import { printOrWatch, withConnection, withList, withServer } from '../server-options.ts'
import { type Column, type OutputFormat, renderRows, type Terminal } from '../terminal.ts'
import { type BindingFormat, bindingFormats, renderBinding } from './binding-format.ts'

type Row = BindingBody

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'INSTANCE', value: ({ instanceId }) => instanceId },
  { title: 'CLIENT ID', value: ({ clientId }) => clientId },
  { title: 'CREATED', value: ({ createdAt }) => createdAt },
]

/** `binding create`, `list` and `show`: the credentials an application gets. */
export function addBindingCommands(program: Command, terminal: Terminal): void {
  const binding = program
    .command('binding')
    .alias('bindings')
    .description('bindings of the destination service: create, list, show')

  withServer(binding.command('create').argument('<name>'))
    .description('create a service instance and credentials for it')
    .addOption(
      new Option('--credential-type <type>', 'binding-secret; x509 is not built yet')
        .choices(['binding-secret', 'x509'])
        .default('binding-secret'),
    )
    .action(
      async (
        name: string,
        options: ServerOptions & { credentialType: 'binding-secret' | 'x509' },
      ) => {
        const { credentialType } = options
        const created = await withConnection(options, ({ control }) =>
          control.bindings.create({ name, credentialType }),
        )
        terminal.out(`${terminal.symbols.pass} binding ${created.name} created`)
        terminal.out(`    client     ${created.clientId}`)
        terminal.out(`    use it     twinlatch binding show ${created.name} --as vcap`)
      },
    )

  withList(binding.command('list'))
    .description('list bindings, without their credentials')
    .action(
      (options: ServerOptions & { output: OutputFormat; headers: boolean; watch?: boolean }) =>
        withConnection(options, ({ control }) =>
          printOrWatch(options.watch, terminal.out, async () =>
            renderRows(await control.bindings.list(), columns, {
              format: options.output,
              headers: options.headers,
              nameOf: ({ name }) => `binding/${name}`,
            }),
          ),
        ),
    )

  withServer(binding.command('show').argument('<name>'))
    .description('print the credentials of a binding; recorded in the audit log')
    .addOption(
      new Option('--as <format>', 'how the application reads it')
        .choices([...bindingFormats])
        .default('vcap'),
    )
    .option('-o, --output <dir>', 'directory to write, with --as dir')
    .action(
      async (name: string, options: ServerOptions & { as: BindingFormat; output?: string }) => {
        const { service } = await withConnection(options, ({ control }) =>
          control.bindings.show(name),
        )
        terminal.out(await renderBinding(service, options.as, options.output))
      },
    )
}
