import type { ProblemItem, SubaccountId } from '@twinlatch/kit'
import {
  type DocumentCompiler,
  type DocumentFindings,
  type DocumentSet,
  identityOf,
  type ManifestFile,
  type ParsedDocument,
} from './document.ts'
import { ControlError } from './errors.ts'
import { canonicalJson } from './json.ts'
import { controlLimits } from './limits.ts'

/** Documents that were understood, and what is odd about them. */
export interface ParsedFiles {
  readonly documents: readonly ParsedDocument[]
  readonly warnings: readonly ProblemItem[]
}

/** The documents in `files`, or a `ControlError` with every fault of all of them. */
export function parseFiles(
  compiler: DocumentCompiler,
  files: readonly ManifestFile[],
): ParsedFiles {
  const { documents, problems, warnings } = compiler.parse(files)
  const all = [...problems, ...tooLarge(documents), ...repeated(documents)]
  if (all.length > 0) throw invalidDocuments(all)
  return { documents, warnings }
}

/** All documents of all subaccounts before a change, and as they would be stored by it. */
export interface ChangedSets {
  /** Asked for only if something is wrong. */
  before(): readonly DocumentSet[]
  readonly after: readonly DocumentSet[]
}

/**
 * What is wrong with a change: the problems that it would add. What was wrong before – documents that
 * an earlier version or other settings had taken – is no fault of it, and nobody could change
 * anything until whoever has them had mended theirs; of one's own it is a warning. A finding about
 * another subaccount's document tells only that there is one: neither its names nor its content
 * (rule 8).
 */
export function checkChange(
  compiler: DocumentCompiler,
  sets: ChangedSets,
  own: SubaccountId,
): DocumentFindings {
  const found = findingsOf(compiler, sets.after, own)
  const warnings = found.warnings.filter(isOwn)
  if (found.problems.length === 0) return { problems: [], warnings }
  const { added, former } = split(found.problems, findingsOf(compiler, sets.before(), own).problems)
  return {
    problems: [...added.filter(isOwn), ...(added.every(isOwn) ? [] : [conflict])],
    warnings: [...warnings, ...former.filter(isOwn)],
  }
}

function findingsOf(
  compiler: DocumentCompiler,
  sets: readonly DocumentSet[],
  own: SubaccountId,
): DocumentFindings {
  return compiler.check(
    sets.map((set) => (set.subaccountId === own ? set : withFile(set, elsewhere))),
  )
}

function isOwn({ file }: ProblemItem): boolean {
  return file !== elsewhere
}

/** Each problem of before excuses one that is the same. */
function split(problems: readonly ProblemItem[], before: readonly ProblemItem[]) {
  const keyOf = ({ file, path, message }: ProblemItem) => JSON.stringify([file, path, message])
  const counts = new Map<string, number>()
  for (const item of before) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1)
  const added: ProblemItem[] = []
  const former: ProblemItem[] = []
  for (const item of problems) {
    const left = counts.get(keyOf(item)) ?? 0
    counts.set(keyOf(item), left - 1)
    if (left > 0) former.push(item)
    else added.push(item)
  }
  return { added, former }
}

/** The refusal of a whole call. */
export function invalidDocuments(items: readonly ProblemItem[]): ControlError {
  const [first] = items
  const place = first?.file ? `${first.file}: ` : ''
  const more = items.length > 1 ? ` (and ${items.length - 1} more)` : ''
  return new ControlError(
    'control/invalid-documents',
    `Nothing was changed. ${place}${first?.message ?? 'The documents cannot be used'}${more}`,
    { items },
  )
}

/** Stands for the file name of other tenants' documents; no path contains NUL. */
const elsewhere = '\0elsewhere'
const conflict: ProblemItem = {
  path: '$',
  message: 'this change is in conflict with a document of another subaccount',
}

function withFile(set: DocumentSet, file: string): DocumentSet {
  return { ...set, documents: set.documents.map((document) => ({ ...document, file })) }
}

function tooLarge(documents: readonly ParsedDocument[]): ProblemItem[] {
  return documents
    .filter(({ body }) => Buffer.byteLength(canonicalJson(body)) > controlLimits.documentBytesMax)
    .map((document) =>
      itemOf(document, `a document may have ${controlLimits.documentBytesMax} bytes at most`),
    )
}

function repeated(documents: readonly ParsedDocument[]): ProblemItem[] {
  const seen = new Map<string, ParsedDocument>()
  const items: ProblemItem[] = []
  for (const document of documents) {
    const first = seen.get(identityOf(document))
    if (first) {
      const place = `${first.file}, document ${first.index + 1}`
      items.push(itemOf(document, `the same object stands in ${place}; remove one of them`))
    } else seen.set(identityOf(document), document)
  }
  return items
}

function itemOf({ file, index, kind, name }: ParsedDocument, message: string): ProblemItem {
  return { path: '$', message: `${kind} ${name}: ${message}`, file, document: index }
}
