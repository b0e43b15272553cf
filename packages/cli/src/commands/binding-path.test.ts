import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createTemporaryDirectory } from '@twinlatch/testing'
import { expect, test } from 'vitest'
import { writeBindingDirectory } from './binding-format.ts'

const service = {
  name: 'app',
  instance_name: 'app',
  label: 'destination',
  plan: 'lite',
  tags: [],
  credentials: { clientid: 'id' },
}

test.each([
  ['a name', { ...service, name: '../outside' }],
  ['a name of dots', { ...service, name: '..' }],
  ['a credential', { ...service, credentials: { '../../outside': 'text' } }],
  ['a credential with NUL', { ...service, credentials: { 'a\0b': 'text' } }],
])('a server cannot have files written elsewhere by %s', async (_what, hostile) => {
  const directory = await createTemporaryDirectory()
  try {
    const root = join(directory.path, 'bindings')
    await expect(writeBindingDirectory(hostile, root)).rejects.toThrow('is no name of a file')
    expect(existsSync(join(directory.path, 'outside'))).toBe(false)
  } finally {
    await directory.remove()
  }
})
