import type { SubaccountBody } from '@twinlatch/client'
import type { Command } from 'commander'
import type { ServerOptions } from '../connection.ts'
import { printOrWatch, withConnection, withList, withServer } from '../server-options.ts'
import { type Column, type OutputFormat, renderRows, type Terminal } from '../terminal.ts'

const columns: readonly Column<SubaccountBody>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ID', value: ({ id }) => id },
  { title: 'HOST', value: ({ host }) => host },
  { title: 'CREATED', wide: true, value: ({ createdAt }) => createdAt },
]

/** `subaccount create` and `list`. */
export function addSubaccountCommands(program: Command, terminal: Terminal): void {
  const subaccount = program
    .command('subaccount')
    .aliases(['subaccounts', 'sa'])
    .description('subaccounts, the tenants: create, list')

  withServer(subaccount.command('create').argument('<name>', 'a DNS label'))
    .description('create a subaccount')
    .action(async (name: string, options: ServerOptions) => {
      const created = await withConnection(options, ({ control }) =>
        control.subaccounts.create(name),
      )
      terminal.out(`${terminal.symbols.pass} subaccount ${created.name} created   ${created.id}`)
    })

  withList(subaccount.command('list'))
    .description('list the subaccounts')
    .action(
      (options: ServerOptions & { output: OutputFormat; headers: boolean; watch?: boolean }) =>
        withConnection(options, ({ control }) =>
          printOrWatch(options.watch, terminal.out, async () =>
            renderRows(await control.subaccounts.list(), columns, {
              format: options.output,
              headers: options.headers,
              nameOf: ({ name }) => `subaccount/${name}`,
            }),
          ),
        ),
    )
}
