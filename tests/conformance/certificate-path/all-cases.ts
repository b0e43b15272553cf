import { authorityCases } from './cases-authority.ts'
import { extensionCases } from './cases-extension.ts'
import { formCases } from './cases-form.ts'
import { keyCases } from './cases-key.ts'
import { nameCases } from './cases-names.ts'
import { pathCases } from './cases-path.ts'
import { purposeCases } from './cases-purpose.ts'
import { revocationCases } from './cases-revocation.ts'
import { timeCases } from './cases-time.ts'
import type { PathCase } from './path-case.ts'

/** Every case, under the title of its group. */
export const caseGroups: readonly {
  readonly title: string
  readonly cases: readonly PathCase[]
}[] = [
  { title: 'Authorities and path length', cases: authorityCases },
  { title: 'Key usage and purposes', cases: purposeCases },
  { title: 'Name constraints', cases: nameCases },
  { title: 'Extensions, policies, key identifiers', cases: extensionCases },
  { title: 'Validity', cases: timeCases },
  { title: 'Keys and signatures', cases: keyCases },
  { title: 'Form', cases: formCases },
  { title: 'Paths', cases: pathCases },
  { title: 'Revocation', cases: revocationCases },
]
