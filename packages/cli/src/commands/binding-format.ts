import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ShownBinding } from '@twinlatch/client'
import { stringify } from 'yaml'
import { CliError, exitCodes } from '../cli-error.ts'
import { writeSecretFile } from '../output-file.ts'

export const bindingFormats = ['vcap', 'default-env', 'k8s', 'dir', 'env'] as const
export type BindingFormat = (typeof bindingFormats)[number]

type Service = ShownBinding['service']

/** The value of `VCAP_SERVICES` for these bindings, by label (destination-service.md section 10.1). */
export function vcapServices(services: readonly Service[]): Record<string, readonly Service[]> {
  const byLabel = new Map<string, Service[]>()
  for (const service of services) {
    byLabel.set(service.label, [...(byLabel.get(service.label) ?? []), service])
  }
  return Object.fromEntries(byLabel)
}

/** A binding as the application's libraries look for it (console-and-cli.md section 8 "Bindings"). */
export async function renderBinding(
  service: Service,
  format: BindingFormat,
  directory: string | undefined,
): Promise<string> {
  const vcap = vcapServices([service])
  switch (format) {
    case 'vcap':
      return JSON.stringify(vcap, null, 2)
    case 'default-env':
      return JSON.stringify({ VCAP_SERVICES: vcap }, null, 2)
    case 'env':
      return `export VCAP_SERVICES='${JSON.stringify(vcap).replaceAll("'", "'\\''")}'`
    case 'k8s':
      return renderKubernetesSecret(service)
    case 'dir':
      return writeBindingDirectory(service, directory)
  }
}

/** Files of one binding directory below `SERVICE_BINDING_ROOT` (destination-service.md section 10.2). */
function bindingFiles(service: Service): ReadonlyMap<string, string> {
  const metadata = {
    type: service.label,
    label: service.label,
    plan: service.plan,
    instance_name: service.instance_name,
    tags: JSON.stringify(service.tags),
  }
  const credentials = Object.entries(service.credentials).map(
    ([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)] as const,
  )
  const dotMetadata = {
    metaDataProperties: Object.keys(metadata).map((name) => ({
      name,
      format: name === 'tags' ? 'json' : 'text',
    })),
    credentialProperties: Object.entries(service.credentials).map(([name, value]) => ({
      name,
      format: typeof value === 'string' ? 'text' : 'json',
    })),
  }
  return new Map([
    ...Object.entries(metadata),
    ...credentials,
    ['.metadata', JSON.stringify(dotMetadata)],
  ])
}

function renderKubernetesSecret(service: Service): string {
  const data = [...bindingFiles(service)].map(([key, text]) => [
    key,
    Buffer.from(text, 'utf8').toString('base64'),
  ])
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: service.name },
      type: 'Opaque',
      data: Object.fromEntries(data),
    },
    { lineWidth: 0 },
  ).trimEnd()
}

/** Writes one binding directory, readable by its owner only, and returns its path. */
export async function writeBindingDirectory(
  service: Service,
  root: string | undefined,
): Promise<string> {
  if (root === undefined) {
    throw new CliError('--as dir needs a directory to write.', {
      exitCode: exitCodes.usage,
      cure: `twinlatch binding show ${service.name} --as dir -o DIR   (then SERVICE_BINDING_ROOT=DIR)`,
    })
  }
  const files = bindingFiles(service)
  for (const name of [service.name, ...files.keys()]) assertFileName(name)
  const directory = join(root, service.name)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  for (const [name, content] of files) {
    await writeSecretFile(join(directory, name), content, { force: true })
  }
  return directory
}

/** The server chooses these names; none of them may lead out of the directory that was asked for. */
function assertFileName(name: string): void {
  if (/^[\w.-]+$/.test(name) && name !== '.' && name !== '..') return
  throw new CliError(`${JSON.stringify(name)} is no name of a file; nothing was written.`, {
    why: 'The server sent it in a binding.',
  })
}
