import type { ExplanationBody } from '@twinlatch/client'
import type { Command } from 'commander'
import type { ServerOptions } from '../connection.ts'
import { outputOption, withConnection, withServer } from '../server-options.ts'
import { alignColumns, type OutputFormat, type Terminal } from '../terminal.ts'

interface HandshakesOptions extends ServerOptions {
  readonly follow?: boolean
  readonly refused?: boolean
  readonly since?: string
  readonly output: OutputFormat
  readonly headers: boolean
}

/** How often `-f` asks for news. */
const followIntervalMs = 1000
/** As many as one page of a terminal can use; older ones by `--since`. */
const handshakesMax = 200

/** `gw handshakes`: connections that were refused before HTTP. */
export function addGatewayCommands(program: Command, terminal: Terminal): void {
  const gateway = program
    .command('gateway')
    .aliases(['gw', 'gateways'])
    .description('the gateway: handshakes')

  withServer(gateway.command('handshakes'))
    .description('refused connections, oldest first')
    .option('-f, --follow', 'keep printing new ones')
    .option('--refused', 'refused ones only (the others leave records of requests)')
    .option('--since <span>', 'such as 10m or 2h')
    .addOption(outputOption())
    .option('--no-headers', 'leave the table headers out')
    .action((options: HandshakesOptions) => listHandshakes(options, terminal))
}

async function listHandshakes(options: HandshakesOptions, terminal: Terminal): Promise<void> {
  await withConnection(options, async ({ control }) => {
    const seen = new Set<string>()
    for (let first = true; first || options.follow; first = false) {
      const found = await control.explanations.list({
        refused: 'handshake',
        limit: handshakesMax,
        ...(options.since ? { since: options.since } : {}),
      })
      const fresh = found.filter(({ id }) => !seen.has(id)).reverse()
      for (const { id } of fresh) seen.add(id)
      if (first || fresh.length > 0) print(fresh, options, first, terminal)
      if (options.follow) await new Promise((resolve) => setTimeout(resolve, followIntervalMs))
    }
  })
}

const titles = ['TIME', 'PEER', 'SNI', 'CODE', 'CERTIFICATE', 'ID']

function print(
  records: readonly ExplanationBody[],
  options: HandshakesOptions,
  first: boolean,
  terminal: Terminal,
): void {
  if (options.output === 'json') {
    terminal.out(JSON.stringify(records, null, 2))
    return
  }
  const rows = records.map((record) => [
    record.time.slice(11, 19),
    record.connection.peer,
    record.connection.sni ?? terminal.symbols.skip,
    record.code ?? '',
    record.certificate?.subject ?? terminal.symbols.skip,
    record.id,
  ])
  const lines = first && options.headers ? [titles, ...rows] : rows
  if (lines.length > 0) terminal.out(alignColumns(lines))
}
