import { devSubaccountId, newSubaccountId, type ProblemItem } from '@twinlatch/kit'
import { describe, expect, test } from 'vitest'
import { createLineCompiler, documentOf, gateway } from '../testing/line-compiler.ts'
import type { DocumentCompiler, DocumentSet } from './document.ts'
import { checkChange, parseFiles } from './documents-check.ts'

const stored = (name: string, file?: string) => ({
  ...documentOf(JSON.parse(gateway(name, name))),
  createdAt: '2026-01-01T00:00:00.000Z',
  ...(file === undefined ? {} : { file }),
})
const sets: DocumentSet[] = [
  { subaccountId: newSubaccountId(), documents: [stored('private-name'), stored('other-name')] },
  { subaccountId: devSubaccountId, documents: [stored('own', 'a.yaml')] },
]

/** Finds the same fault in every document there is. */
const complains: DocumentCompiler = {
  parse: () => ({ documents: [], problems: [], warnings: [] }),
  check(given) {
    const items = given.flatMap(({ documents }) =>
      documents.map(({ name, file = '' }): ProblemItem => ({ path: '$', message: name, file })),
    )
    return { problems: items, warnings: items }
  },
}

const nothing = () => []

test("faults of another subaccount's documents are told as one, without a name", () => {
  expect(checkChange(complains, { before: nothing, after: sets }, devSubaccountId)).toEqual({
    problems: [
      { path: '$', message: 'own', file: 'a.yaml' },
      { path: '$', message: 'this change is in conflict with a document of another subaccount' },
    ],
    warnings: [{ path: '$', message: 'own', file: 'a.yaml' }],
  })
})

test('a set without faults of others has no such line', () => {
  const own = sets.slice(1)
  const found = checkChange(complains, { before: nothing, after: own }, devSubaccountId)
  expect(found.problems).toEqual([{ path: '$', message: 'own', file: 'a.yaml' }])
})

describe('what was wrong before a change', () => {
  const [others, mine] = sets as [DocumentSet, DocumentSet]
  const old = { ...mine, documents: [stored('old', 'stored Gateway')] }

  test('of another subaccount keeps nobody from it, and is not told', () => {
    const after = [others, { ...mine, documents: [] }]
    expect(checkChange(complains, { before: () => [others], after }, devSubaccountId)).toEqual({
      problems: [],
      warnings: [],
    })
  })

  test('of one’s own is a warning', () => {
    const before = () => [old]
    const { problems, warnings } = checkChange(complains, { before, after: [old] }, devSubaccountId)
    expect(problems).toEqual([])
    expect(warnings).toContainEqual({ path: '$', message: 'old', file: 'stored Gateway' })
  })

  test('excuses neither the same fault in another document, nor one more of a kind', () => {
    const again = { ...mine, documents: [stored('old', 'a.yaml')] }
    const twice = { ...mine, documents: [...old.documents, stored('old', 'stored Gateway')] }
    for (const after of [again, twice]) {
      const { problems } = checkChange(
        complains,
        { before: () => [old], after: [after] },
        devSubaccountId,
      )
      expect(problems).toHaveLength(1)
    }
  })

  test('of another subaccount does not hide a fault that the change adds there', () => {
    const more = { ...others, documents: [...others.documents, stored('third')] }
    const { problems } = checkChange(
      complains,
      { before: () => [others], after: [more] },
      devSubaccountId,
    )
    expect(problems).toEqual([
      { path: '$', message: 'this change is in conflict with a document of another subaccount' },
    ])
  })
})

test('every fault of every file is named at once', () => {
  const files = [
    { name: 'a.yaml', text: `${gateway('g', 'a')}\nnonsense` },
    { name: 'b.yaml', text: gateway('g', 'b') },
    { name: 'c.yaml', text: gateway('h', 'x'.repeat(1024 * 1024)) },
  ]
  expect(() => parseFiles(createLineCompiler(), files)).toThrow(
    expect.objectContaining({
      items: [
        { path: '$', message: 'not a document', file: 'a.yaml', document: 1 },
        expect.objectContaining({ file: 'c.yaml', message: expect.stringContaining('1048576') }),
        expect.objectContaining({
          file: 'b.yaml',
          message: 'Gateway g: the same object stands in a.yaml, document 1; remove one of them',
        }),
      ],
    }),
  )
})
