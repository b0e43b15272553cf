import { readFileSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ChangedDocuments, ManifestFile } from '@twinlatch/client'
import { type Command, Option } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import type { ServerOptions } from '../connection.ts'
import { collect, outputOption, withConnection, withServer } from '../server-options.ts'
import { type OutputFormat, renderObject, type Terminal } from '../terminal.ts'

interface ApplyOptions extends ServerOptions {
  readonly filename: readonly string[]
  readonly dryRun?: 'client' | 'server'
  readonly prune?: boolean
  readonly lenient?: boolean
  readonly output: OutputFormat
}

/** `apply -f`, `delete -f`: manifests as they are, all documents of a call or none. */
export function addApplyCommands(program: Command, terminal: Terminal): void {
  withFiles(program.command('apply'))
    .description('apply Istio and Kubernetes manifests')
    .addOption(
      new Option('--dry-run <where>', 'check only: client (the files alone) or server').choices([
        'client',
        'server',
      ]),
    )
    .option('--prune', 'not built yet')
    .option('--lenient', 'not built yet')
    .action((options: ApplyOptions) => apply(options, terminal))

  withFiles(program.command('delete'))
    .description('delete the documents that the manifests name')
    .addOption(new Option('--dry-run <where>', 'check only').choices(['server']))
    .action(async (options: ApplyOptions) => {
      const files = await readManifests(options.filename)
      const dryRun = options.dryRun === 'server'
      const changed = await withConnection(options, ({ control }) =>
        control.delete(files, { dryRun }),
      )
      report(changed, options, terminal)
    })
}

function withFiles(command: Command): Command {
  return withServer(command)
    .requiredOption('-f, --filename <file|dir|->', 'manifest, directory or - (repeatable)', collect)
    .addOption(outputOption())
}

async function apply(options: ApplyOptions, terminal: Terminal): Promise<void> {
  for (const flag of ['prune', 'lenient'] as const) {
    if (!options[flag]) continue
    throw new CliError(`--${flag} is not built yet.`, { exitCode: exitCodes.usage })
  }
  const files = await readManifests(options.filename)
  if (options.dryRun === 'client') return checkHere(files, terminal)
  const dryRun = options.dryRun === 'server'
  const changed = await withConnection(options, ({ control }) => control.apply(files, { dryRun }))
  report(changed, options, terminal)
}

async function checkHere(files: readonly ManifestFile[], terminal: Terminal): Promise<void> {
  const { parseManifests } = await import('@twinlatch/gateway')
  const { documents, problems, warnings } = parseManifests(files)
  for (const warning of warnings) terminal.note(`${terminal.symbols.warn} ${place(warning)}`)
  if (problems.length > 0) {
    throw new CliError('These manifests cannot be applied.', {
      why: problems.map(place).join('\n'),
    })
  }
  for (const { kind, name } of documents) {
    terminal.out(`${kind.toLowerCase()}/${name} readable (dry run, client)`)
  }
}

interface Remark {
  readonly path: string
  readonly message: string
  readonly file?: unknown
  readonly document?: unknown
}

function place({ file, document, path, message }: Remark): string {
  const where = [
    file,
    document === undefined ? null : `document ${Number(document) + 1}`,
    path || null,
  ]
  return `${where.filter((part) => part !== null && part !== undefined).join(' ')}: ${message}`
}

function report(changed: ChangedDocuments, options: ApplyOptions, terminal: Terminal): void {
  for (const warning of changed.warnings ?? []) {
    terminal.note(`${terminal.symbols.warn} ${place(warning)}`)
  }
  const object = renderObject(changed, options.output)
  if (object !== null) {
    terminal.out(object)
    return
  }
  const suffix = options.dryRun ? ' (dry run)' : ''
  for (const { kind, name, action } of changed.results) {
    terminal.out(`${kind.toLowerCase()}/${name} ${action}${suffix}`)
  }
}

/** As the server's own limit, so that a wrong file is refused before it is sent. */
const manifestBytesMax = 8 * 1024 * 1024

/** The manifests named by `-f`: files, the YAML files of a directory in name order, or standard input. */
async function readManifests(names: readonly string[]): Promise<readonly ManifestFile[]> {
  const files: ManifestFile[] = []
  for (const name of names) {
    if (name === '-') files.push({ name: '-', text: await readStdin() })
    else for (const file of await filesOf(name)) files.push({ name: file, text: readText(file) })
  }
  if (files.length > 0) return files
  throw new CliError(`${names.join(', ')} holds no manifest.`, {
    why: 'A directory is read for files that end in .yaml, .yml or .json.',
  })
}

async function filesOf(name: string): Promise<readonly string[]> {
  const found = statSync(name, { throwIfNoEntry: false })
  if (!found) throw new CliError(`${name} does not exist.`, { exitCode: exitCodes.usage })
  if (!found.isDirectory()) return [name]
  const entries = await readdir(name)
  return entries
    .filter((entry) => /\.(ya?ml|json)$/.test(entry))
    .sort()
    .map((entry) => join(name, entry))
}

function readText(file: string): string {
  if (statSync(file).size > manifestBytesMax) throw new CliError(`${file} is larger than 8 MiB.`)
  return readFileSync(file, 'utf8')
}

async function readStdin(): Promise<string> {
  const chunks: Buffer[] = []
  let total = 0
  for await (const chunk of process.stdin) {
    total += chunk.length
    if (total > manifestBytesMax) throw new CliError('Standard input is larger than 8 MiB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
