import { readFileSync } from 'node:fs'
import { gatewaySettings } from '@twinlatch/gateway'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'

/** `config.yaml` of a home: one section per service; unknown keys are errors. */
const serverConfig = z.strictObject({
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
  const document = parseDocument(text, { uniqueKeys: true })
  if (document.errors.length > 0)
    throw unusable(
      file,
      document.errors.map(({ message }) => message),
    )
  const parsed = serverConfig.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
  throw unusable(file, faults, parsed.error)
}

function unusable(file: string, faults: readonly string[], cause?: unknown): CliError {
  return new CliError(`The configuration ${file} cannot be used.`, {
    why: faults.join('\n'),
    cure: 'Mend it, or move it away to start with the defaults.',
    cause,
  })
}
