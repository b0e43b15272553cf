import type { SubaccountId } from '@twinlatch/kit'

/** Anything JSON can say. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject

/** A JSON object as it came out of a manifest. */
export interface JsonObject {
  readonly [name: string]: JsonValue
}

/** One file of manifests, as a person or a command handed it in. */
export interface ManifestFile {
  readonly name: string
  readonly text: string
}

/**
 * One document that was understood. `body` is the whole document without `status` and
 * `metadata.managedFields`, with its namespace filled in and a Secret's `stringData` moved to
 * `data`, as an API server stores it.
 */
export interface ParsedDocument {
  readonly apiVersion: string
  readonly kind: string
  /** Empty for kinds without a namespace. */
  readonly namespace: string
  readonly name: string
  readonly body: JsonObject
  readonly file: string
  /** Position inside the file, from 0. */
  readonly index: number
}

/** A stored document; `file` and `index` are known while it is being applied. */
export interface StoredDocument extends Omit<ParsedDocument, 'file' | 'index'> {
  /** UTC text; decides between Gateways and VirtualServices of equal claims (gateway.md 5.1). */
  readonly createdAt: string
  readonly file?: string
  readonly index?: number
}

/** All documents of one subaccount. Nothing in one set can refer to anything in another. */
export interface DocumentSet {
  readonly subaccountId: SubaccountId
  readonly documents: readonly StoredDocument[]
}
