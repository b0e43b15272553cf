import type { RequestHead } from '@twinlatch/wire'
import { recordBytesMax } from './record-size.ts'

/**
 * A request head as one flat text, for records: lines and their parts are some fifty objects, which
 * the collector would copy and trace for every request. Nothing in a head holds a line feed, and all
 * of it is latin1 (gateway.md section 9.4). `null`: larger than a record may be.
 */
export function packHead({ method, target, authority, headers }: RequestHead): string | null {
  const parts = [method, target, authority]
  for (const [name, value] of headers) parts.push(name, value)
  // Joined, not added up: a sum stays a tree of its parts until somebody writes it down.
  const text = parts.join('\n')
  return text.length > recordBytesMax ? null : text
}

/** The head that was packed. */
export function unpackHead(packed: string): RequestHead {
  const [method = '', target = '', authority = '', ...rest] = packed.split('\n')
  const headers: [string, string][] = []
  for (let at = 0; at < rest.length; at += 2) headers.push([rest[at] ?? '', rest[at + 1] ?? ''])
  return { method, target, authority, headers }
}
