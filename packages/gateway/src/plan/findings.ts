import type { ProblemItem } from '@twinlatch/kit'
import type { StoredDocument } from '../document.ts'
import { problemAt } from '../issues.ts'
import type { Resource } from './resources.ts'

/** Something to say of a document. Where that came from is no part of it, and is added at the end. */
export interface Finding {
  readonly at: Resource<unknown>
  /** JSON path. */
  readonly path: string
  readonly message: string
}

/** Problems and warnings as they are found. */
export interface Findings {
  readonly problems: Finding[]
  readonly warnings: Finding[]
}

/** Nothing found yet. */
export function noFindings(): Findings {
  return { problems: [], warnings: [] }
}

/** A finding at `path` of a document. */
export function findingAt(
  at: Resource<unknown>,
  path: readonly PropertyKey[] | string,
  message: string,
): Finding {
  return { at, path: problemAt({}, path, message).path, message }
}

/** Findings for people: with file and place of each document. */
export function placed(
  findings: readonly Finding[],
  origins: ReadonlyMap<Resource<unknown>, StoredDocument>,
): ProblemItem[] {
  return findings.map(({ at, path, message }) => problemAt(origins.get(at) ?? {}, path, message))
}
