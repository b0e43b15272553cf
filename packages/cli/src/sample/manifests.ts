import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'

/** The examples are the sample: what a person reads there is what runs here. */
const examples = new URL('../../../../examples/', import.meta.url)

export interface SampleManifest {
  readonly file: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly text: string
}

/** Every document of one example folder, in file order. */
export function exampleManifests(folder: string): readonly SampleManifest[] {
  const directory = new URL(`${folder}/`, examples)
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => documentsOf(file, readFileSync(new URL(file, directory), 'utf8')))
}

interface Identified {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

function documentsOf(file: string, text: string): readonly SampleManifest[] {
  return parseAllDocuments(text).map((document) => {
    const { kind, metadata } = document.toJS() as Identified
    const namespace = kind === 'Namespace' ? '' : (metadata.namespace ?? 'default')
    return { file, kind, namespace, name: metadata.name, text: String(document) }
  })
}
