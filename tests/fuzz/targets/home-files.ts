import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { CliError } from '../../../packages/cli/src/cli-error.ts'
import { readExport } from '../../../packages/cli/src/commands/destination-export.ts'
import { homeAt, readRunState } from '../../../packages/cli/src/home.ts'
import { readServerConfig } from '../../../packages/cli/src/serve/server-config.ts'
import { bytesOf, type FuzzTarget } from '../target.ts'

const refuses = (error: unknown) => error instanceof CliError
let directory: string | undefined

/** Where a target puts its input, since these parsers read files. */
function fileOf(name: string, input: Uint8Array): string {
  directory ??= mkdtempSync(join(tmpdir(), 'twinlatch-fuzz-home-'))
  const file = join(directory, name)
  writeFileSync(file, input)
  return file
}

/** `config.yaml` of a home. */
export const config: FuzzTarget = {
  name: 'config-yaml',
  kind: 'text',
  // As for manifests.
  inputBytesMax: 16 * 1024,
  words: [
    'log:',
    '  level: ',
    'debug',
    'gateway:',
    '  portMap: {"443": 9443}',
    '&a ',
    '*a',
    '- ',
    '!!x ',
    '---\n',
  ],
  corpus: async () =>
    bytesOf(
      'log:\n  level: debug\ngateway:\n  portMap: {"443": 9443}\n  xfcc: {mode: SANITIZE_SET}\n',
      'gateway: {labels: {istio: ingressgateway}, meshHop: {enabled: true}}\n',
    ),
  run(input) {
    readServerConfig(fileOf('config.yaml', input))
    return true
  },
  refuses,
}

/** `run.json` of a home. */
export const runState: FuzzTarget = {
  name: 'run-state',
  kind: 'json',
  words: ['pid', 'urls', 'control', 'https://localhost:1', 'adminToken'],
  corpus: async () =>
    bytesOf(
      `{"pid":${process.pid},"startedAt":"2030","version":"1","urls":{"control":"https://localhost:1","gateway":"https://localhost:2","health":"http://localhost:3"},"ca":"/a","adminToken":"/b"}`,
    ),
  run: (input) => {
    const home = homeAt(dirname(fileOf('run.json', input)))
    return readRunState(home) !== null
  },
  refuses,
}

/** Destinations that a cockpit exported. */
export const destinationExport: FuzzTarget = {
  name: 'destination-export',
  kind: 'json',
  words: ['Name', 'Type', 'URL', 'Authentication', 'KeyStoreLocation', 'a.p12', 'Password'],
  corpus: async () =>
    bytesOf(
      '[{"Name":"a","Type":"HTTP","URL":"https://a.example","Authentication":"NoAuthentication"},{"Name":"b","KeyStoreLocation":"b.p12","sap-client":1}]',
      '{"Name":"a","Authentication":"BasicAuthentication","User":"u","Password":"p"}',
    ),
  run(input) {
    readExport(fileOf('export.json', input), 'secret')
    return true
  },
  refuses,
}
