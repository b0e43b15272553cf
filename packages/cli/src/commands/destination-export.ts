import { readFileSync, statSync } from 'node:fs'
import type { DestinationBody } from '@twinlatch/client'
import { z } from 'zod'
import { CliError } from '../cli-error.ts'

/** A cockpit writes booleans and numbers as such in some versions; the service's values are texts. */
const scalar = z.union([z.string(), z.number(), z.boolean()]).transform(String)
// Not `min(1)`: zod asks an object that stands there for its length, and trips over an odd one.
const notEmpty = z.string().refine((text) => text !== '', 'is empty')
const exported = z.looseObject({ Name: notEmpty }).catchall(scalar)
const exportedList = z.array(exported).min(1)

/** 1 MiB: hundreds of destinations, anything larger is another file. */
const exportBytesMax = 1024 * 1024

/** Secrets that a kind cannot do without; exports of a cockpit leave them out. */
const neededSecrets: ReadonlyMap<string, readonly string[]> = new Map([
  ['BasicAuthentication', ['Password']],
])

/**
 * The destinations of an exported file: one flat object or an array. A secret that is needed and in
 * neither the file nor `keystorePassword` is named, and nothing is imported.
 */
export function readExport(file: string, keystorePassword: string | null): DestinationBody[] {
  const bodies = parseExport(file, readJson(file)).map((body) =>
    completed(body as DestinationBody, keystorePassword),
  )
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

function parseExport(file: string, json: unknown): readonly DestinationBody[] {
  // Not a union of both forms: its message would not say where the fault is.
  const parsed = Array.isArray(json) ? exportedList.safeParse(json) : exported.safeParse(json)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) =>
      [...(path.length > 0 ? [path.join('.')] : []), message].join(': '),
    )
    throw notAnExport(file, faults, parsed.error)
  }
  const bodies = [parsed.data].flat() as DestinationBody[]
  const names = bodies.map((body) => body['Name'] ?? '')
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index))
  if (repeated.size > 0) {
    throw notAnExport(
      file,
      [...repeated].map((name) => `${name}: there is more than one of that name`),
    )
  }
  return bodies
}

function notAnExport(file: string, faults: readonly string[], cause?: unknown): CliError {
  return new CliError(`${file} is not a destination export.`, {
    why: faults.join('\n'),
    cure: 'Export the destination in the cockpit as JSON: one flat object, or an array of them.',
    cause,
  })
}

function completed(body: DestinationBody, keystorePassword: string | null): DestinationBody {
  if (keystorePassword === null || !needsKeystorePassword(body)) return body
  return { ...body, KeyStorePassword: keystorePassword }
}

function needsKeystorePassword(body: DestinationBody): boolean {
  if (body['KeyStore.Source'] === 'ClientProvided') return false
  const keystore = body['KeyStoreLocation'] ?? ''
  return /\.(p12|pfx)$/.test(keystore) && !body['KeyStorePassword']
}

function missingSecrets(body: DestinationBody): readonly string[] {
  const needed = neededSecrets.get(body['Authentication'] ?? '') ?? []
  const missing = needed.filter((name) => !body[name])
  return needsKeystorePassword(body) ? [...missing, 'KeyStorePassword'] : missing
}

function readJson(file: string): unknown {
  let text: string
  try {
    if (statSync(file).size > exportBytesMax) throw new CliError(`${file} is larger than 1 MiB.`)
    text = readFileSync(file, 'utf8').replace(/^\ufeff/, '')
  } catch (error) {
    if (error instanceof CliError) throw error
    throw new CliError(`${file} cannot be read.`, {
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    })
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser's message quotes the text, which may hold a secret.
    throw new CliError(`${file} cannot be read as JSON.`, {
      cure: 'Export the destination in the cockpit as JSON: one flat object, or an array of them.',
      cause: error,
    })
  }
}
