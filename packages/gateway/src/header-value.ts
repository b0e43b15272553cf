import { GatewayError } from './errors.ts'
import { type HeaderContext, type HeaderOperator, headerOperators } from './header-operators.ts'
import { nearestName } from './nearest-name.ts'

/** A header value with its operators, ready to be filled in. */
export interface HeaderTemplate {
  /** Names of the operators used. */
  readonly operators: readonly string[]
  /** The text with every operator replaced; one without a value leaves nothing (gateway.md 8.2). */
  format(context: HeaderContext): string
}

/** Longest template: an upstream would refuse more. */
const templateLengthMax = 4096

type Part = string | ((context: HeaderContext) => string | null)

/**
 * The template in `text`: literal text, `%%`, `%OPERATOR%` and `%OPERATOR(argument)%`. Whatever
 * Envoy or Istio's webhook would refuse is a `gateway/header-value` error (gateway.md section 6.3).
 */
export function parseHeaderValue(text: string): HeaderTemplate {
  if ([...text].some(isControl)) fail('control characters are not allowed in a header value')
  if (text.length > templateLengthMax) fail(`longer than ${templateLengthMax} characters`)
  const parts: Part[] = []
  const operators: string[] = []
  let at = 0
  while (at < text.length) {
    const percent = text.indexOf('%', at)
    if (percent === -1) {
      parts.push(text.slice(at))
      break
    }
    if (percent > at) parts.push(text.slice(at, percent))
    if (text[percent + 1] === '%') {
      parts.push('%')
      at = percent + 2
      continue
    }
    const found = readOperator(text, percent)
    operators.push(found.name)
    parts.push(found.value)
    at = found.end
  }
  return { operators, format: formatterOf(parts) }
}

function formatterOf(parts: readonly Part[]): HeaderTemplate['format'] {
  const [only] = parts
  // One operator and nothing else is what most headers are.
  if (parts.length === 1 && typeof only === 'function') return (context) => only(context) ?? ''
  return (context) => {
    let text = ''
    for (const part of parts) text += typeof part === 'string' ? part : (part(context) ?? '')
    return text
  }
}

function readOperator(text: string, percent: number) {
  const form = /%([A-Za-z0-9_]+)(?:\(([^)]*)\))?(:[0-9]+)?%/y
  form.lastIndex = percent
  const match = form.exec(text)
  if (match === null) fail('a lone "%": write "%%" for a literal percent sign')
  const [whole, name = '', argument, length] = match
  const operator = operatorOf(name)
  if (length !== undefined) fail(`%${name}…${length}%: a length after an operator is not allowed`)
  return { name, value: bind(name, operator, argument), end: percent + whole.length }
}

function operatorOf(name: string): HeaderOperator {
  const operator = headerOperators.get(name)
  if (operator !== undefined) return operator
  const nearest = nearestName(name, [...headerOperators.keys()])
  return fail(
    `unknown or unsupported operator %${name}%` +
      (nearest === null ? '' : `; did you mean %${nearest}%?`),
  )
}

function bind(name: string, operator: HeaderOperator, argument: string | undefined): Part {
  if (operator.argument === 'none') {
    if (argument !== undefined) fail(`%${name}% takes no argument`)
    return operator.value
  }
  if (operator.argument === 'required' && (argument === undefined || argument === '')) {
    fail(`%${name}% needs an argument, as in %${name}(x-request-id)%`)
  }
  return operator.bind(argument ?? '')
}

function isControl(character: string): boolean {
  const code = character.codePointAt(0) ?? 0
  return (code < 0x20 && code !== 9) || code === 0x7f
}

function fail(message: string): never {
  throw new GatewayError('gateway/header-value', message)
}
