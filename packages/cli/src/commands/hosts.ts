import { readFile, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import { withConnection, withServer } from '../server-options.ts'
import type { Terminal } from '../terminal.ts'

const hostsFile = '/etc/hosts'
const begin = '# twinlatch begin'
const end = '# twinlatch end'

interface HostsOptions extends ServerOptions {
  readonly print?: boolean
  readonly install?: boolean
  readonly uninstall?: boolean
}

/**
 * `hosts`: lines for the hosts file, for clients whose resolver does not know names below
 * .localhost (architecture.md "`.localhost` and unmodified clients").
 */
export function addHostsCommand(program: Command, terminal: Terminal): void {
  withServer(program.command('hosts'))
    .description('hosts-file lines for the local host names: print (default), install, uninstall')
    .option('--print', 'print them')
    .option('--install', `write them into ${hostsFile}, between two marks`)
    .option('--uninstall', `remove them from ${hostsFile}`)
    .action(async (options: HostsOptions) => {
      if (options.uninstall) return rewrite((text) => withoutBlock(text), terminal)
      const names = await withConnection(options, async ({ control }) =>
        hostNames(await control.documents()),
      )
      const lines = renderHostsLines(names)
      if (options.install)
        return rewrite((text) => `${withoutBlock(text)}${block(lines)}`, terminal)
      terminal.out(lines.join('\n'))
    })
}

/** Names of our own listeners that clients derive from bindings (architecture.md "x509 bindings"). */
const ownNames = ['authentication.localhost', 'authentication.cert.localhost']

type Document = Readonly<Record<string, unknown>>

/** Every exact .localhost name that an applied VirtualService serves; a hosts file has no wildcards. */
export function hostNames(documents: readonly Document[]): readonly string[] {
  const served = documents
    .filter(({ kind }) => kind === 'VirtualService')
    .flatMap(({ spec }) => (spec as { hosts?: readonly string[] }).hosts ?? [])
    .filter((host) => host.endsWith('.localhost') && !host.includes('*'))
  return [...new Set([...ownNames, ...served])].sort()
}

/** Both loopback addresses for each name. */
export function renderHostsLines(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => [`127.0.0.1 ${name}`, `::1 ${name}`])
}

function block(lines: readonly string[]): string {
  return `${begin}\n${lines.join('\n')}\n${end}\n`
}

function withoutBlock(text: string): string {
  const from = text.indexOf(`${begin}\n`)
  const to = text.indexOf(`${end}\n`, from)
  return from < 0 || to < 0 ? text : text.slice(0, from) + text.slice(to + end.length + 1)
}

async function rewrite(change: (text: string) => string, terminal: Terminal): Promise<void> {
  try {
    const before = await readFile(hostsFile, 'utf8')
    const after = change(before.endsWith('\n') || before === '' ? before : `${before}\n`)
    if (after !== before) await writeFile(hostsFile, after)
    terminal.out(
      `${terminal.symbols.pass} ${hostsFile} ${after === before ? 'unchanged' : 'written'}`,
    )
  } catch (error) {
    throw new CliError(`${hostsFile} cannot be written.`, {
      exitCode: exitCodes.failed,
      why: error instanceof Error ? error.message : String(error),
      cure: 'Run it as root, or add the lines of "twinlatch hosts --print" by hand.',
      cause: error,
    })
  }
}
