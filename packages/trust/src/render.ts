import { describeDuration } from '@twinlatch/kit'
import { printable } from './control-characters.ts'
import type { ExplainedStep, Explanation, NearMiss } from './explanation.ts'
import { nearestPolicy } from './hints.ts'
import { markDifference } from './near-miss.ts'

/**
 * The text of `twinlatch explain` (console-and-cli.md section 5.3). Everything a caller could have
 * chosen is made printable, so that no header or name gives orders to the terminal.
 */
export function renderExplanation(
  explanation: Explanation,
  options: { readonly now: Date; readonly ascii?: boolean },
): string {
  const lines = [
    headline(explanation, options.now),
    target(explanation),
    ...(explanation.outcome === 'denied' ? [printable(explanation.summary)] : []),
    '',
    ...steps(explanation.steps, options.ascii ? asciiMarks : marks),
    ...certificate(explanation),
    ...nearest(explanation),
    ...hints(explanation),
  ]
  return `${lines.join('\n').trimEnd()}\n`
}

const marks = { pass: '✓', fail: '✕', skip: '–' } as const
const asciiMarks = { pass: '+', fail: 'x', skip: '-' } as const

function headline(explanation: Explanation, now: Date): string {
  const { outcome, status, code, id, time } = explanation
  const ago = describeDuration(now.getTime() - new Date(time).getTime())
  const result = [outcome.toUpperCase(), status === null ? 'connection closed' : `${status}`]
  if (code) result.push(code)
  return `${result.join('  ')}   ${id}   ${ago} ago`
}

function target({ request, connection }: Explanation): string {
  const from = `from ${connection.peer}`
  if (!request) return printable(`TLS connection to ${connection.sni ?? '(no host name)'} ${from}`)
  return printable(`${request.method} https://${request.host}${request.path}`)
}

function steps(
  list: readonly ExplainedStep[],
  mark: Record<ExplainedStep['result'], string>,
): string[] {
  const width = Math.max(10, ...list.map(({ stage }) => stage.length))
  return list.map(({ stage, result, detail }) =>
    `  ${mark[result]} ${stage.padEnd(width)}  ${printable(detail)}`.trimEnd(),
  )
}

// Before HTTP the certificate is the whole story; later the steps tell it.
function certificate({ certificate: shown, request }: Explanation): string[] {
  if (!shown || request) return []
  const lines = [
    `subject  ${shown.subject}`,
    `issuer   ${shown.issuer}`,
    `valid    ${shown.notBefore} to ${shown.notAfter}`,
    `purpose  ${shown.eku === null ? 'any (no extendedKeyUsage)' : shown.eku.join(', ')}`,
    `serial   ${shown.serial}`,
  ]
  if (shown.verifyError) lines.push(`openssl  ${shown.verifyError}`)
  return ['', '  certificate', ...lines.map((line) => `    ${printable(line)}`)]
}

function nearest(explanation: Explanation): string[] {
  if (explanation.outcome !== 'denied') return []
  const policy = nearestPolicy(explanation.policies)
  if (!policy?.nearMiss) return []
  const { clause } = policy.nearMiss
  return [
    '',
    printable(`  nearest  policy ${policy.name}, rule ${policy.rule}, ${clause}`),
    ...wantedAndGot(policy.nearMiss),
  ]
}

function wantedAndGot({ wanted, got, difference }: NearMiss): string[] {
  const shown = [printable(wanted), got === null ? '(absent)' : printable(got)] as const
  const mark = got === null ? '' : markDifference(shown[0], shown[1])
  return [
    `    wanted  ${shown[0]}`,
    `    got     ${shown[1]}`,
    ...(mark === '' ? [] : [`            ${mark}`]),
    ...(difference === '' ? [] : [`            ${printable(difference)}`]),
  ]
}

function hints({ hints: list, code }: Explanation): string[] {
  if (list.length === 0) return []
  const title = code?.startsWith('POL_') ? 'to allow it' : 'what to do'
  const lines = list.flatMap(({ text, command }) => [
    `    ${printable(text)}`,
    ...(command === null ? [] : [`    ${printable(command)}`]),
  ])
  return ['', `  ${title}`, ...lines]
}
