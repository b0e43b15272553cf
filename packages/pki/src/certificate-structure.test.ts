import { X509Certificate } from 'node:crypto'
import { createTestAuthority } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseCertificate } from './certificate.ts'
import { type DerNode, encodeDer, readDer } from './der.ts'
import { oid, sequence, setOf } from './der-write.ts'
import { PkiError } from './errors.ts'

let valid: Uint8Array
beforeAll(async () => {
  const authority = await createTestAuthority({ name: 'Structure' })
  valid = (await authority.issue({ subject: 'CN=a' })).certificate.raw
})

/** The encoding with one part, found by its place on each level, replaced by what `change` makes. */
function changed(
  encoding: Uint8Array,
  [at, ...below]: readonly number[],
  change: (part: DerNode) => readonly Uint8Array[],
): Uint8Array {
  const { tag, children } = readDer(encoding)
  const parts = children.flatMap((part, index) => {
    if (index !== at) return [part.raw]
    return below.length === 0 ? change(part) : [changed(part.raw, below, change)]
  })
  return encodeDer(tag, ...parts)
}

const nothing = encodeDer(0x05)
const nameOf = (value: Uint8Array) => () => [sequence(setOf([sequence(oid('2.5.4.3'), value)]))]
const version = [0, 0]
const serial = [0, 1]
const issuer = [0, 3]
const subject = [0, 5]
const key = [0, 6]
const extensions = [0, 7]

/** Every row is one edit of a certificate that is right otherwise. */
const wrong: [string, readonly number[], (part: DerNode) => readonly Uint8Array[]][] = [
  ['a version of two numbers', version, ({ content }) => [encodeDer(0xa0, content, content)]],
  ['extensions twice', extensions, ({ content }) => [encodeDer(0xa3, content, content)]],
  [
    'an extension that is a set',
    [...extensions, 0, 0],
    ({ content }) => [encodeDer(0x31, content)],
  ],
  ['a key with a third part', key, ({ content }) => [encodeDer(0x30, content, nothing)]],
  [
    'a key without bits',
    key,
    ({ children }) => [encodeDer(0x30, ...children.slice(0, 1).map(({ raw }) => raw))],
  ],
  ['a key in octets', [...key, 1], ({ content }) => [encodeDer(0x04, content)]],
  [
    'an algorithm of three parts',
    [...key, 0],
    ({ content }) => [encodeDer(0x30, content, nothing)],
  ],
  ['a parameter that is no null', [...key, 0, 1], () => [Uint8Array.of(5, 1, 0)]],
  ['a parameter of half a character', [...key, 0, 1], () => [Uint8Array.of(0x1e, 1, 0)]],
  ['a parameter of an empty time', [...key, 0, 1], () => [Uint8Array.of(0x18, 0)]],
  ['a parameter of half a time', [...key, 0, 1], () => [encodeDer(0x17, Buffer.alloc(12, '1'))]],
  ['a parameter of no bits at all', [...key, 0, 1], () => [Uint8Array.of(3, 0)]],
  ['a parameter of an empty number', [...key, 0, 1], () => [Uint8Array.of(2, 0)]],
  ['a parameter of an empty enumeration', [...key, 0, 1], () => [Uint8Array.of(0x0a, 0)]],
  ['a parameter that is a set without parts', [...key, 0, 1], () => [Uint8Array.of(0x11, 1, 0)]],
  ['a unique id of nine unused bits', key, ({ raw }) => [raw, Uint8Array.of(0x82, 2, 9, 0)]],
  ['a subject that holds a number', subject, nameOf(encodeDer(0x02, Uint8Array.of(1)))],
  ['a subject that holds a time', subject, nameOf(encodeDer(0x17, Buffer.from('300101000000Z')))],
  ['an issuer that holds a private type', issuer, nameOf(encodeDer(0xc1, Uint8Array.of(0x41)))],
  ['a bit string with nine unused bits', subject, nameOf(encodeDer(0x03, Uint8Array.of(9, 0)))],
  ['a serial number that is padded', serial, () => [encodeDer(0x02, Uint8Array.of(0, 1))]],
]

const range = (end: number) => Array.from({ length: end }, (_, index) => index)

function isRead(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof PkiError) return false
    throw error
  }
}

describe('a certificate that OpenSSL cannot read is not read here', () => {
  test.each(wrong)('%s', (_, place, change) => {
    const der = changed(valid, place, change)
    expect(() => new X509Certificate(der)).toThrow()
    expect(() => parseCertificate(der)).toThrow(
      expect.objectContaining({ code: 'pki/malformed-certificate' }),
    )
  })

  test.each(range(256))('nor with a parameter of type %i, whatever it holds', (tag) => {
    const contents = ['', '00', '01', '80', 'ff', '0000', '0001', 'ff80', '0080', '8001', '020100']
    for (const hex of [...contents, '30'.repeat(12), '30'.repeat(14), '31'.repeat(300)]) {
      const parameter = encodeDer(tag, Buffer.from(hex, 'hex'))
      const der = changed(valid, [...key, 0, 1], () => [parameter])
      if (isRead(() => parseCertificate(der)))
        expect(new X509Certificate(der).raw).toHaveLength(der.length)
    }
  })

  test('the edits themselves change nothing else', () => {
    const same = changed(valid, [...extensions, 0, 0], ({ raw }) => [raw])
    expect(parseCertificate(same).sha256).toBe(parseCertificate(valid).sha256)
  })

  test('every type that X.520 gives to names is read', () => {
    for (const tag of [0x0c, 0x13, 0x14, 0x16, 0x1c, 0x1e, 0x12]) {
      const der = changed(valid, subject, nameOf(encodeDer(tag, Buffer.from('\0\0\0\x41'))))
      expect(parseCertificate(der).subject.rdns).toHaveLength(1)
      expect(new X509Certificate(der).raw).toHaveLength(der.length)
    }
  })
})
