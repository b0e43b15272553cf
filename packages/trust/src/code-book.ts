import { connectionCodes } from './code-book-connection.ts'
import { requestCodes } from './code-book-request.ts'
import type { DecisionCode } from './decision.ts'

/** What a person needs to know of one code. */
export interface CodeText {
  /** A few words, no full stop. */
  readonly title: string
  readonly meaning: string
  /** What to do next. */
  readonly cure: string
}

/** The text for every code there is; exhaustive by type. */
export const codeBook: Readonly<Record<DecisionCode, CodeText>> = {
  ...connectionCodes,
  ...requestCodes,
}
