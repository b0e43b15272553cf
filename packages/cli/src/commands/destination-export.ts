import { readFileSync } from 'node:fs'
import type { DestinationBody } from '@twinlatch/client'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'

/** A cockpit writes booleans and numbers as such in some versions; the service's values are texts. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
const exported = z.looseObject({ Name: z.string().min(1) }).catchall(scalar)
const exportFile = z.union([exported.transform((one) => [one]), z.array(exported).min(1)])

/** Secrets that a kind cannot do without; exports of a cockpit leave them out. */
const neededSecrets: ReadonlyMap<string, readonly string[]> = new Map([
  ['BasicAuthentication', ['Password']],
])

/**
 * The destinations of an exported file: one flat object or an array. A secret that is needed and in
 * neither the file nor `keystorePassword` is named, and nothing is imported.
 */
export function readExport(file: string, keystorePassword: string | null): DestinationBody[] {
  const parsed = exportFile.safeParse(readJson(file))
  if (!parsed.success) {
    throw new CliError(`${file} is not a destination export.`, {
      why: parsed.error.issues
        .map(({ path, message }) => `${path.join('.')}: ${message}`)
        .join('\n'),
      cure: 'Export the destination in the cockpit as JSON: one flat object, or an array of them.',
      cause: parsed.error,
    })
  }
  const bodies = parsed.data.map((body) => completed(body as DestinationBody, keystorePassword))
  const missing = bodies.flatMap((body) =>
    missingSecrets(body).map((name) => `${body['Name']}: ${name} is missing`),
  )
  if (missing.length > 0) {
    throw new CliError(`${file} lacks secrets, which exports leave out.`, {
      why: missing.join('\n'),
      cure: 'Give the keystore password with --keystore-password-file FILE, or write the property into the file.',
    })
  }
  return bodies
}

function completed(body: DestinationBody, keystorePassword: string | null): DestinationBody {
  if (keystorePassword === null || !needsKeystorePassword(body)) return body
  return { ...body, KeyStorePassword: keystorePassword }
}

function needsKeystorePassword(body: DestinationBody): boolean {
  const keystore = body['KeyStoreLocation'] ?? ''
  return /\.(p12|pfx)$/.test(keystore) && !body['KeyStorePassword']
}

function missingSecrets(body: DestinationBody): readonly string[] {
  const needed = neededSecrets.get(body['Authentication'] ?? '') ?? []
  const missing = needed.filter((name) => !body[name])
  return needsKeystorePassword(body) ? [...missing, 'KeyStorePassword'] : missing
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new CliError(`${file} cannot be read as JSON.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
}
