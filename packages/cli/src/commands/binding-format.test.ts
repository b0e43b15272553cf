import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { ShownBinding } from '@twinlatch/client'
import { createTemporaryDirectory, type TemporaryDirectory } from '@twinlatch/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exitCodes } from '../cli-error.ts'
import { renderBinding, vcapServices, writeBindingDirectory } from './binding-format.ts'

let directory: TemporaryDirectory

beforeEach(async () => {
  directory = await createTemporaryDirectory()
})
afterEach(() => directory.remove())

const service: ShownBinding['service'] = {
  name: 'sample-app',
  instance_name: 'sample-app',
  label: 'destination',
  plan: 'lite',
  tags: ['destination', 'conn'],
  credentials: {
    clientid: 'sb-1',
    // Everything a shell might take apart.
    clientsecret: `it's "$HOME" \`id\` \\ ; & é\n!`,
    verificationkey: '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    nested: { a: [1, true] },
  },
}
const other = { ...service, name: 'second' }

describe('VCAP_SERVICES', () => {
  test('holds bindings by the label of their service, in order', () => {
    const elsewhere = { ...service, name: 'x', label: 'xsuaa' }
    expect(vcapServices([service, elsewhere, other])).toEqual({
      destination: [service, other],
      xsuaa: [elsewhere],
    })
    expect(vcapServices([])).toEqual({})
  })

  test('is the bare object with --as vcap, and one of its keys in a default-env.json', async () => {
    const vcap = { destination: [service] }
    expect(JSON.parse(await renderBinding(service, 'vcap', undefined))).toEqual(vcap)
    expect(JSON.parse(await renderBinding(service, 'default-env', undefined))).toEqual({
      VCAP_SERVICES: vcap,
    })
  })

  test('comes unchanged through a shell with --as env', async () => {
    const script = `${await renderBinding(service, 'env', undefined)}\nprintf %s "$VCAP_SERVICES"`
    const printed = execFileSync('sh', ['-c', script], { encoding: 'utf8' })
    expect(JSON.parse(printed)).toEqual({ destination: [service] })
  })
})

describe('a Kubernetes Secret', () => {
  test('holds every credential as a file, and what the libraries of SAP read besides', async () => {
    const secret = parse(await renderBinding(service, 'k8s', undefined))
    expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque' })
    expect(secret.metadata).toEqual({ name: 'sample-app' })
    const text = (key: string) => Buffer.from(secret.data[key], 'base64').toString('utf8')
    expect(text('clientsecret')).toBe(service.credentials['clientsecret'])
    expect(text('type')).toBe('destination')
    expect(JSON.parse(text('tags'))).toEqual(service.tags)
    expect(JSON.parse(text('nested'))).toEqual(service.credentials['nested'])
    expect(Object.keys(secret.data).every((key) => /^[-._a-zA-Z0-9]+$/.test(key))).toBe(true)
  })

  test('says in .metadata which of its files are JSON and which are texts', async () => {
    const secret = parse(await renderBinding(service, 'k8s', undefined))
    const metadata = JSON.parse(Buffer.from(secret.data['.metadata'], 'base64').toString('utf8'))
    expect(metadata.credentialProperties).toEqual([
      { name: 'clientid', format: 'text' },
      { name: 'clientsecret', format: 'text' },
      { name: 'verificationkey', format: 'text' },
      { name: 'nested', format: 'json' },
    ])
    expect(metadata.metaDataProperties).toContainEqual({ name: 'tags', format: 'json' })
    expect(metadata.metaDataProperties).toContainEqual({ name: 'label', format: 'text' })
    for (const { name } of [...metadata.metaDataProperties, ...metadata.credentialProperties]) {
      expect(secret.data).toHaveProperty([name])
    }
  })
})

describe('a binding directory', () => {
  test('holds the files of the Secret, readable by its owner only', async () => {
    const written = await renderBinding(service, 'dir', directory.path)
    expect(written).toBe(join(directory.path, 'sample-app'))
    const secret = parse(await renderBinding(service, 'k8s', undefined))
    expect(readdirSync(written).sort()).toEqual(Object.keys(secret.data).sort())
    for (const name of readdirSync(written)) {
      const content = readFileSync(join(written, name)).toString('base64')
      expect(content, name).toBe(secret.data[name])
      expect(statSync(join(written, name)).mode & 0o777, name).toBe(0o600)
    }
    expect(statSync(written).mode & 0o777).toBe(0o700)
  })

  test('is written again over an older one', async () => {
    await writeBindingDirectory(service, directory.path)
    const renewed = { ...service, credentials: { ...service.credentials, clientid: 'sb-2' } }
    await writeBindingDirectory(renewed, directory.path)
    expect(readFileSync(join(directory.path, 'sample-app', 'clientid'), 'utf8')).toBe('sb-2')
  })

  test('needs a directory, and says how to name one', async () => {
    await expect(renderBinding(service, 'dir', undefined)).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      cure: expect.stringContaining('-o DIR'),
    })
  })
})
