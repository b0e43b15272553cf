import { randomBytes, randomUUID } from 'node:crypto'

declare const brand: unique symbol

/** A string that only the function for its kind makes, so that ids of two kinds cannot be mixed up. */
export type Branded<Name extends string> = string & { readonly [brand]: Name }

/**
 * GUID of a subaccount: the tenant. A parameter of every store call; there is no query without it
 * (architecture.md, rule 8).
 */
export type SubaccountId = Branded<'SubaccountId'>

/** Subaccount `dev`: constant, so that examples can hold literal distinguished names. */
export const devSubaccountId = 'e56e1a2a-7dc2-5c14-b789-e39e4b30b093' as SubaccountId

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** The subaccount id in `text`, or nothing if it is not a lower-case GUID. */
export function parseSubaccountId(text: string): SubaccountId | undefined {
  return guid.test(text) ? (text as SubaccountId) : undefined
}

/** A fresh random GUID for a subaccount. */
export function newSubaccountId(): SubaccountId {
  return randomUUID() as SubaccountId
}

/** A fresh id of the form `prefix_<32 hex digits>`: 128 random bits, never sequential, never meaningful. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(16).toString('hex')}`
}

/**
 * A fresh request id (UUID v4, as Envoy writes `x-request-id`). Many are written at a time into one
 * text, of which each is a piece: records keep them by the ten thousand, and what `randomUUID` puts
 * together are twenty strings for each.
 */
export function newRequestId(): string {
  if (nextId === requestIds.length) {
    requestIds = writeIds(idsAtATime)
    nextId = 0
  }
  const id = requestIds.slice(nextId, nextId + uuidLength)
  nextId += uuidLength
  return id
}

const uuidLength = 36
/** 4 KiB of text, which the last record of them keeps alive. */
const idsAtATime = 128
let requestIds = ''
let nextId = 0

/** UUIDs of version 4, one after the other (RFC 9562 section 5.4). */
function writeIds(count: number): string {
  const random = randomBytes(16 * count)
  const text = Buffer.alloc(uuidLength * count)
  let at = 0
  for (let index = 0; index < random.length; index++) {
    const place = index % 16
    let byte = random[index] ?? 0
    if (place === 6) byte = (byte & 0x0f) | 0x40
    if (place === 8) byte = (byte & 0x3f) | 0x80
    if (place === 4 || place === 6 || place === 8 || place === 10) text[at++] = dash
    text[at++] = hexDigits.charCodeAt(byte >> 4)
    text[at++] = hexDigits.charCodeAt(byte & 0x0f)
  }
  return text.toString('latin1')
}

const hexDigits = '0123456789abcdef'
const dash = 0x2d
