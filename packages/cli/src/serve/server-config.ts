import { readFileSync } from 'node:fs'
import { gatewaySettings } from '@twinlatch/gateway'
import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'

/** `config.yaml` of a home: one section per service; unknown keys are errors. */
export const serverConfig = z.strictObject({
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('warn') })
    .prefault({}),
  gateway: gatewaySettings.prefault({}),
})

export type ServerConfig = z.infer<typeof serverConfig>

/** 64 KiB: a configuration is a page of text, anything larger is another file. */
const configBytesMax = 64 * 1024
/** What a person mends at a time; a file of something else holds thousands. */
const faultsToldMax = 10

/** The configuration in `file`, or the defaults when there is none. */
export function readServerConfig(file: string): ServerConfig {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return serverConfig.parse({})
    }
    throw unusable(file, [error instanceof Error ? error.message : String(error)], error)
  }
  if (text.length > configBytesMax) throw unusable(file, ['it is larger than 64 KiB'])
  const parsed = serverConfig.safeParse(readYaml(file, text) ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) =>
    [...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
  )
  throw unusable(file, faults, parsed.error)
}

/** Aliases are refused: a page of settings needs none, and nested ones grow without bound. */
function readYaml(file: string, text: string): unknown {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    // The library compares every key of a map with every other one, and draws each of its errors.
    ...{ uniqueKeys: false, prettyErrors: false },
    ...{ stringKeys: true, lineCounter: lines },
  })
  const faults = [
    ...document.errors.map(({ message, pos: [at] }) => ({ message, at })),
    ...faultsOfNodes(document),
  ]
  if (faults.length > 0) {
    const told = faults.slice(0, faultsToldMax).map(({ message, at }) => {
      const { line, col } = lines.linePos(at)
      return `line ${line}, column ${col}: ${message}`
    })
    const more = faults.length - told.length
    throw unusable(file, more > 0 ? [...told, `and ${more} more`] : told)
  }
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    throw unusable(file, [error instanceof Error ? error.message : String(error)], error)
  }
}

interface YamlFault {
  readonly message: string
  /** Where, in characters from the start. */
  readonly at: number
}

/** What is YAML, and yet not taken: an alias, and a key that its map has already. */
function faultsOfNodes(document: Document.Parsed): YamlFault[] {
  const faults: YamlFault[] = []
  visit(document, {
    Alias: (_key, { source, range }) => {
      const message = `*${source}: an alias is not taken; write the value itself`
      faults.push({ message, at: range?.[0] ?? 0 })
    },
    Map: (_key, { items }) => {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const message = `keys must be unique, ${JSON.stringify(String(key.value).slice(0, 80))} stands twice`
        if (seen.has(key.value)) faults.push({ message, at: key.range?.[0] ?? 0 })
        seen.add(key.value)
      }
    },
  })
  return faults
}

function unusable(file: string, faults: readonly string[], cause?: unknown): CliError {
  return new CliError(`The configuration ${file} cannot be used.`, {
    why: faults.join('\n'),
    cure: 'Mend it, or move it away to start with the defaults.',
    cause,
  })
}
