import type { ProblemItem } from '@twinlatch/kit'
import type { DocumentCompiler, JsonObject, ParsedDocument } from '../src/index.ts'

/**
 * A compiler for tests: one JSON document a line. A gateway's host may be claimed once over all
 * subaccounts, and a route needs its gateway: enough to make checks depend on what else is stored.
 */
export function createLineCompiler(): DocumentCompiler {
  return {
    parse(files) {
      const documents: ParsedDocument[] = []
      const problems: ProblemItem[] = []
      for (const file of files) {
        for (const [index, line] of file.text.split('\n').filter(Boolean).entries()) {
          try {
            documents.push({ ...documentOf(JSON.parse(line)), file: file.name, index })
          } catch {
            problems.push({
              path: '$',
              message: 'not a document',
              file: file.name,
              document: index,
            })
          }
        }
      }
      return { documents, problems, warnings: [] }
    },
    check(sets) {
      const claims = new Set<string>()
      const findings = { problems: [] as ProblemItem[], warnings: [] as ProblemItem[] }
      for (const { documents } of sets) {
        const names = new Set(documents.map(({ kind, name }) => `${kind}/${name}`))
        for (const { kind, name, body, file } of documents) {
          const at = file === undefined ? {} : { file }
          const host = String(body['host'] ?? '')
          if (kind === 'Gateway' && claims.has(host)) {
            findings.problems.push({ path: '$.host', message: `${host} is claimed twice`, ...at })
          }
          if (kind === 'Gateway') claims.add(host)
          if (kind === 'Route' && !names.has(`Gateway/${body['gateway']}`)) {
            findings.problems.push({ path: '$.gateway', message: `no gateway for ${name}`, ...at })
          }
          if (body['odd'])
            findings.warnings.push({ path: '$.odd', message: `${name} is odd`, ...at })
        }
      }
      return findings
    },
  }
}

/** What identifies a document, from its body. */
export function documentOf(body: JsonObject): Omit<ParsedDocument, 'file' | 'index'> {
  const metadata = body['metadata'] as { name: string; namespace: string }
  return {
    apiVersion: String(body['apiVersion']),
    kind: String(body['kind']),
    namespace: metadata.namespace,
    name: metadata.name,
    body,
  }
}

/** The text of one document. */
export function line(kind: string, name: string, more: object = {}, apiVersion = 'test.dev/v1') {
  return JSON.stringify({ apiVersion, kind, metadata: { name, namespace: 'shop' }, ...more })
}

/** The text of one gateway. */
export function gateway(name: string, host: string, more: object = {}): string {
  return line('Gateway', name, { host, ...more })
}
