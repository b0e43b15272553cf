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
      if (options.uninstall) return rewriteHostsFile(hostsFile, [], terminal)
      const names = await withConnection(options, async ({ control }) =>
        hostNames(await control.documents()),
      )
      const lines = renderHostsLines(names)
      if (options.install) return rewriteHostsFile(hostsFile, lines, terminal)
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

/** `text` with our block replaced by `lines`, or without it where there are none; all else as it is. */
export function replaceHostsBlock(text: string, lines: readonly string[]): string {
  const rest = withoutBlock(text)
  if (lines.length === 0) return rest
  const separator = rest === '' || rest.endsWith('\n') ? '' : '\n'
  return `${rest}${separator}${begin}\n${lines.join('\n')}\n${end}\n`
}

/** A block is what stands between two marks; a lone mark is somebody's text and stays. */
function withoutBlock(text: string): string {
  const to = text.indexOf(`${end}\n`)
  const from = to < 0 ? -1 : text.lastIndexOf(`${begin}\n`, to)
  return from < 0 ? text : withoutBlock(text.slice(0, from) + text.slice(to + end.length + 1))
}

/** Puts `lines` into a hosts file, or takes ours out of it where there are none, and says so. */
export async function rewriteHostsFile(
  file: string,
  lines: readonly string[],
  terminal: Terminal,
): Promise<void> {
  try {
    const before = await readFile(file, 'utf8')
    const after = replaceHostsBlock(before, lines)
    if (after !== before) await writeFile(file, after)
    terminal.out(`${terminal.symbols.pass} ${file} ${after === before ? 'unchanged' : 'written'}`)
  } catch (error) {
    throw new CliError(`${file} cannot be written.`, {
      exitCode: exitCodes.failed,
      why: error instanceof Error ? error.message : String(error),
      cure: 'Run it as root, or add the lines of "twinlatch hosts --print" by hand.',
      cause: error,
    })
  }
}
