import { GatewayError } from './errors.ts'

type Piece = string | ((moment: Date) => string)

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]

function padded(value: number, width = 2, fill = '0'): string {
  return String(value).padStart(width, fill)
}

function clockHour(moment: Date): number {
  return moment.getUTCHours() % 12 || 12
}

function fraction(digits: number): Piece {
  return (moment) => padded(moment.getUTCMilliseconds(), 3).padEnd(digits, '0').slice(0, digits)
}

const conversions: ReadonlyMap<string, Piece> = new Map<string, Piece>([
  ['%', '%'],
  ['Y', (m) => padded(m.getUTCFullYear(), 4)],
  ['y', (m) => padded(m.getUTCFullYear() % 100)],
  ['m', (m) => padded(m.getUTCMonth() + 1)],
  ['d', (m) => padded(m.getUTCDate())],
  ['e', (m) => padded(m.getUTCDate(), 2, ' ')],
  ['H', (m) => padded(m.getUTCHours())],
  ['I', (m) => padded(clockHour(m))],
  ['M', (m) => padded(m.getUTCMinutes())],
  ['S', (m) => padded(m.getUTCSeconds())],
  ['p', (m) => (m.getUTCHours() < 12 ? 'AM' : 'PM')],
  ['a', (m) => (days[m.getUTCDay()] ?? '').slice(0, 3)],
  ['A', (m) => days[m.getUTCDay()] ?? ''],
  ['b', (m) => (months[m.getUTCMonth()] ?? '').slice(0, 3)],
  ['B', (m) => months[m.getUTCMonth()] ?? ''],
  ['F', (m) => m.toISOString().slice(0, 10)],
  ['T', (m) => m.toISOString().slice(11, 19)],
  ['s', (m) => String(Math.floor(m.getTime() / 1000))],
  ['Z', 'UTC'],
  ['z', '+0000'],
  ['f', fraction(9)],
  ...Array.from({ length: 9 }, (_, index): [string, Piece] => [
    `${index + 1}f`,
    fraction(index + 1),
  ]),
])

/** A parsed strftime format, in UTC (gateway.md section 8.2). */
export type TimeFormat = readonly Piece[]

/** The pieces of an strftime format; a conversion we do not know is a `gateway/header-value` error. */
export function parseTimeFormat(format: string): TimeFormat {
  const pieces: Piece[] = []
  let at = 0
  for (const match of format.matchAll(/%([1-9]f|[\s\S]|$)/g)) {
    const piece = conversions.get(match[1] ?? '')
    if (piece === undefined) {
      throw new GatewayError('gateway/header-value', `time format: "${match[0]}" is not supported`)
    }
    pieces.push(format.slice(at, match.index), piece)
    at = match.index + match[0].length
  }
  pieces.push(format.slice(at))
  return pieces
}

/** `moment` in `format`. */
export function formatTime(format: TimeFormat, moment: Date): string {
  return format.map((piece) => (typeof piece === 'string' ? piece : piece(moment))).join('')
}
