import type { Command } from 'commander'
import { stringify } from 'yaml'
import { CliError } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import { printOrWatch, withConnection, withList } from '../server-options.ts'
import { alignColumns, type OutputFormat, type Terminal } from '../terminal.ts'

interface GetOptions extends ServerOptions {
  readonly namespace?: string
  readonly output: OutputFormat
  readonly headers: boolean
  readonly watch?: boolean
}

type Document = Record<string, unknown>

/** Names people type for a kind, as `kubectl` takes them. */
const kinds: ReadonlyMap<string, string> = new Map([
  ['gateway', 'Gateway'],
  ['gateways', 'Gateway'],
  ['gw', 'Gateway'],
  ['virtualservice', 'VirtualService'],
  ['virtualservices', 'VirtualService'],
  ['vs', 'VirtualService'],
  ['authorizationpolicy', 'AuthorizationPolicy'],
  ['authorizationpolicies', 'AuthorizationPolicy'],
  ['ap', 'AuthorizationPolicy'],
  ['service', 'Service'],
  ['services', 'Service'],
  ['svc', 'Service'],
  ['deployment', 'Deployment'],
  ['deployments', 'Deployment'],
  ['deploy', 'Deployment'],
  ['secret', 'Secret'],
  ['secrets', 'Secret'],
  ['configmap', 'ConfigMap'],
  ['configmaps', 'ConfigMap'],
  ['cm', 'ConfigMap'],
  ['namespace', 'Namespace'],
  ['namespaces', 'Namespace'],
  ['ns', 'Namespace'],
])

/** `get`: applied documents, as they were applied; private keys are never among them. */
export function addGetCommand(program: Command, terminal: Terminal): void {
  withList(
    program.command('get').argument('[kind]', 'such as gateway, vs, ap, svc').argument('[name]'),
  )
    .description('list applied documents, or print them with -o yaml')
    .option('-n, --namespace <namespace>', 'only of that namespace')
    .action((kind: string | undefined, name: string | undefined, options: GetOptions) =>
      withConnection(options, ({ control }) =>
        printOrWatch(options.watch, terminal.out, async () => {
          const found = await control.documents({
            ...(kind && kind !== 'all' ? { kind: kinds.get(kind.toLowerCase()) ?? kind } : {}),
            ...(name ? { name } : {}),
            ...(options.namespace ? { namespace: options.namespace } : {}),
          })
          if (name && found.length === 0) throw new CliError(`There is no ${kind} "${name}".`)
          return render(found, options)
        }),
      ),
    )
}

function render(documents: readonly Document[], options: GetOptions): string {
  if (options.output === 'json') return JSON.stringify(documents, null, 2)
  if (options.output === 'yaml') {
    return documents
      .map((document) => stringify(document, { lineWidth: 0 }))
      .join('---\n')
      .trimEnd()
  }
  const rows = documents.map((document) => {
    const metadata = document['metadata'] as Document
    const [kind, namespace, name] = [document['kind'], metadata['namespace'], metadata['name']]
    return [String(namespace ?? ''), `${String(kind).toLowerCase()}/${String(name)}`] as const
  })
  if (options.output === 'name') return rows.map(([, name]) => name).join('\n')
  return alignColumns(options.headers ? [['NAMESPACE', 'NAME'], ...rows] : rows)
}
