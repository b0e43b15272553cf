import { readFileSync } from 'node:fs'
import { gatewaySettings } from '@twinlatch/gateway'
import { parseDocument, visit } from 'yaml'
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

/** 1 MiB: a configuration is a page of text, anything larger is another file. */
const configBytesMax = 1024 * 1024

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
  if (text.length > configBytesMax) throw unusable(file, ['it is larger than 1 MiB'])
  const parsed = serverConfig.safeParse(readYaml(file, text) ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) =>
    [...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
  )
  throw unusable(file, faults, parsed.error)
}

/** Aliases are refused: a page of settings needs none, and nested ones grow without bound. */
function readYaml(file: string, text: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, stringKeys: true })
  const faults = document.errors.map(({ message }) => message)
  visit(document, {
    Alias: (_key, { source }) => {
      faults.push(`*${source}: an alias is not taken; write the value itself`)
    },
  })
  if (faults.length > 0) throw unusable(file, faults)
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    throw unusable(file, [error instanceof Error ? error.message : String(error)], error)
  }
}

function unusable(file: string, faults: readonly string[], cause?: unknown): CliError {
  return new CliError(`The configuration ${file} cannot be used.`, {
    why: faults.join('\n'),
    cure: 'Mend it, or move it away to start with the defaults.',
    cause,
  })
}
