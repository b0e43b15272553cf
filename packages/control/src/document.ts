import type { ProblemItem, SubaccountId } from '@twinlatch/kit'
import type { z } from 'zod'
import type { changeReportBody } from './answers.ts'
import type { JsonObject } from './json.ts'

/** A manifest file as it is applied: a name for messages, and its YAML text. */
export interface ManifestFile {
  readonly name: string
  readonly text: string
}

/** One document of a manifest file. `body` is the whole of it, `apiVersion` to `spec`. */
export interface ParsedDocument {
  readonly apiVersion: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly body: JsonObject
  /** Where it came from, for messages: file name, and place of the document in it from 0. */
  readonly file: string
  readonly index: number
}

/**
 * A document as it is kept. Istio decides conflicts by age, so `createdAt` outlives changes. Where
 * it came from is known only while it is being checked.
 */
export interface StoredDocument extends Omit<ParsedDocument, 'file' | 'index'> {
  readonly createdAt: string
  readonly file?: string
  readonly index?: number
}

/** Everything one subaccount has applied. */
export interface DocumentSet {
  readonly subaccountId: SubaccountId
  readonly documents: readonly StoredDocument[]
}

/** Faults that refuse a set of documents, and oddities that do not. */
export interface DocumentFindings {
  readonly problems: readonly ProblemItem[]
  readonly warnings: readonly ProblemItem[]
}

/**
 * What control needs of whoever understands the documents. Pure: the same texts give the same
 * answer. Items carry the file and place of the document they are about.
 */
export interface DocumentCompiler {
  parse(
    files: readonly ManifestFile[],
  ): DocumentFindings & { readonly documents: readonly ParsedDocument[] }
  /** Whether all that is to be stored, of all subaccounts together, can be run. */
  check(sets: readonly DocumentSet[]): DocumentFindings
}

/** What happened, or would happen, to one document. */
export type DocumentResult = z.infer<typeof changeReportBody>['results'][number]

/**
 * What makes two documents the same object: group, kind, namespace and name. The version is not
 * part of it; `v1` and `v1beta1` of one Gateway are one Gateway (as in Kubernetes).
 */
export function identityOf(document: Omit<ParsedDocument, 'file' | 'index'>): string {
  const { kind, namespace, name } = document
  return JSON.stringify([groupOf(document), kind, namespace, name])
}

/** API group of a document; empty for the core group (`v1`). */
export function groupOf({ apiVersion }: { readonly apiVersion: string }): string {
  const slash = apiVersion.indexOf('/')
  return slash < 0 ? '' : apiVersion.slice(0, slash)
}
