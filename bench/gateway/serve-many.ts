import { readFileSync } from 'node:fs'
import { createNodeEngine } from '@twinlatch/gateway'
import { createLogger, createMetrics, systemClock } from '@twinlatch/kit'
import { settingsFor } from './compile-manifests.ts'
import { changedPolicy, type ManyConfiguration } from './many-manifests.ts'
import { AppliedDocuments, type StageTimes } from './stages.ts'

/** What the program says, a line each. */
export interface ManyReport {
  readonly event: 'ready' | 'changed'
  readonly times: StageTimes
}

/**
 * Program: a gateway on the configuration in the file of the first argument. Every SIGUSR2 changes
 * one policy, through all stages, and swaps the result in.
 */
async function main(path: string): Promise<void> {
  const { port, size, files } = JSON.parse(readFileSync(path, 'utf8')) as ManyConfiguration
  const settings = settingsFor(port)
  const engine = createNodeEngine({
    settings: { ...settings, hosts: ['127.0.0.1'] },
    sink: { record: () => {} },
    metrics: createMetrics({ version: 'bench', revision: 'bench' }),
    clock: systemClock,
    log: createLogger({ level: 'warn' }),
  })
  const documents = new AppliedDocuments(settings)
  const apply = (event: ManyReport['event'], changed: typeof files) => {
    const times = documents.apply(changed, (compiled) => engine.swap(compiled))
    process.stdout.write(`${JSON.stringify({ event, times } satisfies ManyReport)}\n`)
  }
  apply('ready', files)
  await engine.listen()
  let changes = 0
  process.on('SIGUSR2', () => {
    apply('changed', [changedPolicy(size, changes)])
    changes += 1
  })
  process.once('SIGTERM', () => void engine.stop(100).then(() => process.exit(0)))
}

await main(process.argv[2] ?? '')
