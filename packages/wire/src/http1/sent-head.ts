import { headSources } from './field-lines.ts'

/*
 * Heads that we send. RFC 9112 section 3: a method, a target of visible characters, our version. RFC
 * 9112 section 4: a final status. Behind either, field lines and the empty line. No character of one
 * part can begin the next, so that both are linear for any text.
 */
const { token, lines } = headSources
const requestHead = new RegExp(`^${token} [\\x21-\\x7e]+ HTTP/1\\.1\\r\\n${lines}\\r\\n$`)
const answerHead = new RegExp(`^HTTP/1\\.1 [2-9][0-9]{2} [\\x20-\\x7e]*\\r\\n${lines}\\r\\n$`)

/**
 * The head of these rows (start line, then `name: value`) as one flat latin1 text with the empty
 * line, or `null` if a row cannot be sent. The text is looked at as a whole, and has a line end for
 * every row and no other, so that no value can bring a line of its own. A colon in a name would be
 * read as its end: names are tokens where they come from. The array is taken over.
 */
export function renderHead(kind: 'request' | 'answer', rows: string[]): string | null {
  const count = rows.push('', '') - 1
  const text = rows.join('\r\n')
  let lineEnds = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lineEnds += 1
  const pattern = kind === 'request' ? requestHead : answerHead
  return lineEnds === count && pattern.test(text) ? text : null
}
