import { readFileSync } from 'node:fs'
import { migrations, openControl } from '@twinlatch/control'
import { createNodeEngine, type ManifestFile } from '@twinlatch/gateway'
import { createLogger, createMetrics, systemClock } from '@twinlatch/kit'
import { openTestStore } from '@twinlatch/testing'
import { compileManifests, settingsFor } from './compile-manifests.ts'

/**
 * Program: the gateway as the server runs it, on what the file in the first argument says. Access
 * lines are off, as in the other proxies; metrics and explanation records are on.
 */
async function main(path: string): Promise<void> {
  const { port, files } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly port: number
    readonly files: readonly ManifestFile[]
  }
  const settings = settingsFor(port)
  const log = createLogger({ level: 'warn' })
  const ground = await openTestStore([migrations], { clock: systemClock })
  const compiler = {
    parse: () => ({ documents: [], problems: [], warnings: [] }),
    check: () => ({ problems: [], warnings: [] }),
  }
  const control = await openControl({ store: ground.store, clock: systemClock, log, compiler })
  const engine = createNodeEngine({
    settings: { ...settings, hosts: ['127.0.0.1'] },
    sink: control.explanations,
    metrics: createMetrics({ version: 'bench', revision: 'bench' }),
    clock: systemClock,
    log,
  })
  engine.swap(compileManifests(files, settings))
  await engine.listen()
  const end = async () => {
    await engine.stop(100)
    await ground.stop()
    process.exit(0)
  }
  process.once('SIGTERM', () => void end())
}

await main(process.argv[2] ?? '')
