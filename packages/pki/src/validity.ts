import { PkiError } from './errors.ts'

/** Lengths of validity as people order them. */
export interface ValidityLength {
  readonly value: number
  readonly unit: 'HOURS' | 'DAYS' | 'MONTHS' | 'YEARS'
}

/** First and last second of validity; both belong to it (RFC 5280 section 4.1.2.5). */
export interface Validity {
  readonly notBefore: Date
  readonly notAfter: Date
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Longest backdating a profile may ask for (pki.md section 3). */
const backdateMsMax = hourMs

/**
 * Validity window of a certificate issued at `now`, whole seconds. The last second belongs to the
 * window, so "1 day" ends one second before the same time tomorrow (pki.md section 11, trap 13).
 * `backdateMs` (default one minute, at most an hour) absorbs clock skew and is not part of the length.
 */
export function validityWindow(order: {
  readonly now: Date
  readonly length: ValidityLength
  readonly backdateMs?: number
}): Validity {
  const { now, length, backdateMs = 60_000 } = order
  if (backdateMs < 0 || backdateMs > backdateMsMax) {
    throw new PkiError('pki/profile-forbids', 'a certificate is backdated by at most one hour')
  }
  const start = wholeSecond(now)
  const notAfter = new Date(addLength(start, length).getTime() - 1000)
  return { notBefore: wholeSecond(new Date(start.getTime() - backdateMs)), notAfter }
}

/** `date` moved by a length: days and hours by the clock, months and years by the calendar, in UTC. */
export function addLength(date: Date, { value, unit }: ValidityLength): Date {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new PkiError('pki/profile-forbids', 'a validity is a whole number, at least 1')
  }
  switch (unit) {
    case 'HOURS':
      return new Date(date.getTime() + value * hourMs)
    case 'DAYS':
      return new Date(date.getTime() + value * dayMs)
    case 'MONTHS':
      return addMonths(date, value)
    case 'YEARS':
      return addYears(date, value)
  }
}

/** The same date `years` later, 28 February where there is no 29th. */
export function addYears(date: Date, years: number): Date {
  return addMonths(date, years * 12)
}

/** The same day of the month `months` later, or the last day of that month when it is shorter. */
export function addMonths(date: Date, months: number): Date {
  const moved = new Date(date)
  const day = moved.getUTCDate()
  moved.setUTCDate(1)
  moved.setUTCMonth(moved.getUTCMonth() + months)
  const lastDay = new Date(
    Date.UTC(moved.getUTCFullYear(), moved.getUTCMonth() + 1, 0),
  ).getUTCDate()
  moved.setUTCDate(Math.min(day, lastDay))
  return moved
}

function wholeSecond(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000)
}
