import { type DerNode, encodeDer } from './der.ts'
import { PkiError } from './errors.ts'

/**
 * Time of a certificate (RFC 5280 section 4.1.2.5): UTCTime until 2049, GeneralizedTime from 2050,
 * always `Z`, never a fraction; milliseconds of `date` are cut.
 */
export function encodeTime(date: Date): Uint8Array {
  const year = date.getUTCFullYear()
  if (Number.isNaN(year) || year < 1950 || year > 9999) {
    throw new PkiError('pki/profile-forbids', `a certificate cannot hold the time ${date}`)
  }
  const digits = `${date.toISOString().slice(0, 19).replaceAll(/[-:T]/g, '')}Z`
  return year < 2050
    ? encodeDer(0x17, Buffer.from(digits.slice(2), 'latin1'))
    : encodeDer(0x18, Buffer.from(digits, 'latin1'))
}

/** Reads UTCTime or GeneralizedTime in the only form RFC 5280 allows; throws `pki/malformed-der`. */
export function readTime(node: DerNode): Date {
  const text = Buffer.from(node.content).toString('latin1')
  if (node.tag === 0x17 && /^\d{12}Z$/.test(text)) {
    return calendarTime(`${Number(text.slice(0, 2)) < 50 ? '20' : '19'}${text}`)
  }
  if (node.tag === 0x18 && /^\d{14}Z$/.test(text)) return calendarTime(text)
  throw new PkiError('pki/malformed-der', 'a time is not of the form [YY]YYMMDDHHMMSSZ')
}

function calendarTime(digits: string): Date {
  const iso = digits.replace(/^(....)(..)(..)(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6.000Z')
  const date = new Date(iso)
  // `Date` rolls 30 February over to March; a certificate that says so is refused.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) {
    throw new PkiError('pki/malformed-der', `${iso.slice(0, 19)} is not a time of the calendar`)
  }
  return date
}
