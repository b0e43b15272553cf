import { readFileSync } from 'node:fs'
import { gatewaySettings } from '@twinlatch/gateway'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'
import { readConfigYaml } from './config-yaml.ts'

/** `config.yaml` of a home: one section per service; unknown keys are errors. */
export const serverConfig = z.strictObject({
  log: z
    .strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('warn') })
    .prefault({}),
  audit: z
    .strictObject({ retentionDays: z.int().min(1).max(36_500).nullable().default(null) })
    .prefault({}),
  gateway: gatewaySettings.prefault({}),
})

export type ServerConfig = z.infer<typeof serverConfig>

/** 64 KiB: a configuration is a page of text, anything larger is another file. */
const configBytesMax = 64 * 1024

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
  const yaml = readConfigYaml(text)
  if ('faults' in yaml) throw unusable(file, yaml.faults)
  const parsed = serverConfig.safeParse(yaml.value ?? {})
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) =>
    [...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
  )
  throw unusable(file, faults, parsed.error)
}

function unusable(file: string, faults: readonly string[], cause?: unknown): CliError {
  return new CliError(`The configuration ${file} cannot be used.`, {
    why: faults.join('\n'),
    cure: 'Mend it, or move it away to start with the defaults.',
    cause,
  })
}
