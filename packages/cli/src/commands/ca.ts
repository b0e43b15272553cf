import type { AuthorityBody } from '@twinlatch/client'
import type { Command } from 'commander'
import type { ServerOptions } from '../connection.ts'
import { printOrWatch, withConnection, withList, withServer } from '../server-options.ts'
import { type Column, type OutputFormat, renderRows, type Terminal } from '../terminal.ts'
import { parseSecretName } from './cert.ts'

const columns: readonly Column<AuthorityBody>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'PROFILE', value: ({ profile }) => profile },
  { title: 'UNTIL', value: ({ notAfter }) => notAfter.slice(0, 10) },
  { title: 'ROOT', value: ({ subject }) => subject },
  { title: 'ISSUING', value: ({ issuing }) => issuing.subject },
]

/** `ca list` and `ca bundle`. */
export function addCaCommands(program: Command, terminal: Terminal): void {
  const ca = program
    .command('ca')
    .aliases(['authority', 'authorities'])
    .description('certificate authorities: list, bundle')

  withList(ca.command('list'))
    .description('list the authorities: root, issuing certificate, profile')
    .action(
      (options: ServerOptions & { output: OutputFormat; headers: boolean; watch?: boolean }) =>
        withConnection(options, (server) =>
          printOrWatch(options.watch, terminal.out, async () =>
            renderRows(await server.ca.authorities(), columns, {
              format: options.output,
              headers: options.headers,
              nameOf: ({ name }) => `authority/${name}`,
            }),
          ),
        ),
    )

  withServer(ca.command('bundle').argument('<authority>', 'clients, partner or server'))
    .description('print what a verifier must trust: the root, as PEM')
    .option('--as-secret <namespace/name>', 'print it as the -cacert Secret of a Gateway instead')
    .action(async (authority: string, options: ServerOptions & { asSecret?: string }) => {
      const secret = options.asSecret === undefined ? null : parseSecretName(options.asSecret)
      const bundle = await withConnection(options, (server) => server.ca.bundle(authority))
      if (!secret) return terminal.out(bundle.trimEnd())
      const { renderCaSecret } = await import('./secret-manifest.ts')
      terminal.out(renderCaSecret(secret, bundle))
    })
}
