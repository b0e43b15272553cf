import { findingTitles } from '@twinlatch/pki'
import { codeBook, stageOfCode } from '@twinlatch/trust'
import { code, page, table } from './markdown.ts'

/** `docs/reference/codes.md`: why something was refused, and what inspection may find. */
export function codesPage(): string {
  const codes = Object.keys(stageOfCode) as (keyof typeof stageOfCode)[]
  const stages = [...new Set(codes.map((each) => stageOfCode[each]))]
  return page(
    'Codes',
    'Codes are never renamed. `twinlatch help codes CODE` says the same on a terminal.',
    [
      ...stages.flatMap((stage) => [
        `## Stage ${stage}`,
        table(
          ['code', 'title', 'meaning', 'what to do'],
          codes
            .filter((each) => stageOfCode[each] === stage)
            .map((each) => {
              const { title, meaning, cure } = codeBook[each]
              return [code(each), title, meaning, cure]
            }),
        ),
      ]),
      '## Findings of cert inspect',
      table(
        ['code', 'title'],
        [...findingTitles].map(([each, title]) => [code(each), title]),
      ),
    ],
  )
}
