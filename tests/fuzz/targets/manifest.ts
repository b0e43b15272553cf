import { readdirSync, readFileSync } from 'node:fs'
import { parseManifests } from '@twinlatch/gateway'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const golden = new URL('../../../packages/gateway/src/testdata/', import.meta.url)

/** Istio and Kubernetes YAML: read or refused with places, and never thrown. */
export const manifest: FuzzTarget = {
  name: 'manifest',
  kind: 'text',
  // YAML takes 2 µs a byte, valid or not: the limits of large files have tests of their own.
  inputBytesMax: 16 * 1024,
  words: [
    ...[
      'apiVersion: ',
      'kind: Gateway',
      'metadata:',
      '  name: a',
      'spec:',
      '\n  - ',
      '\n---\n',
      '&a ',
      '*a',
    ],
    ...[
      '<<: *a',
      '!!binary ',
      '!!set',
      '|\n',
      '>-\n',
      '{a: 1}',
      '[1, 2]',
      'null',
      '~',
      '? ',
      ': ',
      '\t',
    ],
    ...[
      'tls:',
      'mode: MUTUAL',
      'hosts: ["*"]',
      'number: 443',
      '.inf',
      '0x1F',
      '2001-01-01',
      '%YAML 1.1\n',
    ],
  ],
  corpus: async () => bytesOf(...goldenTexts(), 'a: &x {b: [*x]}\n', '? [a]\n: {b: c}\n'),
  run(input) {
    const text = textOf(input)
    const { documents, problems, warnings } = parseManifests([{ name: 'fuzz.yaml', text }])
    const said = JSON.stringify([problems, warnings])
    expectThat(
      said.length <= text.length * 300 + 20_000,
      'refusals are not much longer than the file',
    )
    for (const { body } of documents) {
      const json = JSON.stringify(body)
      expectThat(JSON.stringify(JSON.parse(json)) === json, 'a document is plain JSON')
    }
    return documents.length > 0
  },
  refuses: () => false,
}

function goldenTexts(): string[] {
  const names = [
    ...readdirSync(golden),
    ...readdirSync(new URL('shared/', golden)).map((n) => `shared/${n}`),
  ]
  return names
    .filter((name) => name.endsWith('.yaml') && !name.endsWith('.plan.yaml'))
    .map((name) => readFileSync(new URL(name, golden), 'utf8'))
}
