import type { ExplanationBody, ExplanationFilter } from '@twinlatch/client'
import type { Explanation } from '@twinlatch/trust'
import type { Command } from 'commander'
import { CliError, Exit, exitCodes } from '../cli-error.ts'
import type { ServerConnection, ServerOptions } from '../connection.ts'
import { outputOption, withConnection, withServer } from '../server-options.ts'
import { type OutputFormat, renderObject, type Terminal } from '../terminal.ts'

interface ExplainOptions extends ServerOptions {
  readonly last?: boolean
  readonly lastDenied?: boolean
  readonly stage?: string
  readonly listener?: string
  readonly output: OutputFormat
}

/** `explain`: why a request or connection was allowed or refused; exit code 4 when it was refused. */
export function addExplainCommand(program: Command, terminal: Terminal): void {
  withServer(program.command('explain').argument('[request-id]'))
    .description('why a request or a connection was allowed or refused')
    .option('--last', 'the newest record')
    .option('--last-denied', 'the newest refusal')
    .option('--stage <stage>', 'only records of that stage')
    .option('--listener <listener>', 'only records of that listener')
    .addOption(outputOption())
    .addHelpText('after', '\nExit code 0: allowed; 4: denied.')
    .action(async (id: string | undefined, options: ExplainOptions) => {
      const found = await withConnection(options, (server) => findRecords(server, id, options))
      const [record] = found
      if (!record)
        throw new CliError('There is no such record.', {
          why: 'Records are kept in memory, the newest 10 000 refusals and 10 000 others.',
        })
      const object = renderObject(record, options.output)
      terminal.out(object ?? (await renderAll(found, terminal)))
      if (record.outcome === 'denied') throw new Exit(exitCodes.denied)
    })
}

async function findRecords(
  { control }: ServerConnection,
  id: string | undefined,
  options: ExplainOptions,
): Promise<readonly ExplanationBody[]> {
  if (id !== undefined) {
    const { record, related } = await control.explanations.show(id)
    return [record, ...related]
  }
  const filter: ExplanationFilter = {
    last: options.lastDenied ? 'denied' : 'any',
    limit: 1,
    ...(options.stage ? { stage: options.stage } : {}),
    ...(options.listener ? { listener: options.listener } : {}),
  }
  return control.explanations.list(filter)
}

async function renderAll(records: readonly ExplanationBody[], terminal: Terminal): Promise<string> {
  const { renderExplanation } = await import('@twinlatch/trust')
  const ascii = terminal.symbols.pass === '+'
  return (
    records
      // The client checks the shape it reads; the server of the same version made the rest.
      .map((record) =>
        renderExplanation(record as unknown as Explanation, { now: new Date(), ascii }),
      )
      .join('\n\n')
  )
}
