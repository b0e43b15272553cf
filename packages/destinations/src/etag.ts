import { createHash, randomBytes } from 'node:crypto'

/**
 * A fresh ETag for a stored change (section 6). Random rather than a hash of the content, which
 * would let a reader of the tag test guesses of a password.
 */
export function newEtag(): string {
  return randomBytes(16).toString('hex')
}

/** One ETag for an answer made of several items and options. */
export function combineEtags(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/** The two conditional headers of RFC 9110 section 13.1. */
export interface Condition {
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

/** 412, 304, or nothing when the answer is to be sent, in the order of RFC 9110 section 13.2.2. */
export function evaluateCondition(condition: Condition, etag: string): 304 | 412 | undefined {
  if (condition.ifMatch !== undefined && !matches(condition.ifMatch, etag, 'strong')) return 412
  if (condition.ifNoneMatch !== undefined && matches(condition.ifNoneMatch, etag, 'weak')) {
    return 304
  }
  return undefined
}

// Python clients send the tag as they stored it, sometimes without quotes; both forms are accepted.
function matches(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  return header.split(',').some((part) => {
    const text = part.trim()
    if (text === '*') return true
    const isWeak = text.startsWith('W/')
    if (isWeak && comparison === 'strong') return false
    return (isWeak ? text.slice(2) : text).replaceAll('"', '') === etag
  })
}
