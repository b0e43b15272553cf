import { encodeDer } from '../../../packages/pki/src/der.ts'
import { integer, namedBits, oid, sequence } from '../../../packages/pki/src/der-write.ts'
import { extendedKeyUsageOids, keyUsageBits } from '../../../packages/pki/src/extension.ts'

const ascii = (text: string) => Buffer.from(text, 'latin1')
const yes = encodeDer(0x01, Uint8Array.of(0xff))

/** Any extension, with any bytes in it. */
export function extension(type: string, value: Uint8Array, critical = false): Uint8Array {
  return sequence(oid(type), ...(critical ? [yes] : []), encodeDer(0x04, value))
}

export function basicConstraints(ca: boolean, pathLength?: number, critical = true): Uint8Array {
  const parts = [...(ca ? [yes] : []), ...(pathLength === undefined ? [] : [integer(pathLength)])]
  return extension('2.5.29.19', sequence(...parts), critical)
}

export function keyUsage(...names: (typeof keyUsageBits)[number][]): Uint8Array {
  return extension('2.5.29.15', namedBits(names.map((name) => keyUsageBits.indexOf(name))), true)
}

export function extendedKeyUsage(...purposes: string[]): Uint8Array {
  return purposeList(purposes, false)
}

export function criticalExtendedKeyUsage(...purposes: string[]): Uint8Array {
  return purposeList(purposes, true)
}

function purposeList(purposes: readonly string[], critical: boolean): Uint8Array {
  const oids = purposes.map((purpose) => oid(extendedKeyUsageOids.get(purpose) ?? purpose))
  return extension('2.5.29.37', sequence(...oids), critical)
}

export function subjectKeyId(id: Uint8Array): Uint8Array {
  return extension('2.5.29.14', encodeDer(0x04, id))
}

export function authorityKeyId(named: {
  keyId?: Uint8Array
  issuer?: Uint8Array
  serial?: Uint8Array
}): Uint8Array {
  const parts = [
    ...(named.keyId ? [encodeDer(0x80, named.keyId)] : []),
    ...(named.issuer ? [encodeDer(0xa1, encodeDer(0xa4, named.issuer))] : []),
    ...(named.serial ? [Buffer.concat([Uint8Array.of(0x82), named.serial.subarray(1)])] : []),
  ]
  return extension('2.5.29.35', sequence(...parts))
}

/** One GeneralName. */
export const general = {
  email: (text: string) => encodeDer(0x81, ascii(text)),
  dns: (text: string) => encodeDer(0x82, ascii(text)),
  uri: (text: string) => encodeDer(0x86, ascii(text)),
  ip: (...octets: number[]) => encodeDer(0x87, Uint8Array.from(octets)),
  directory: (name: Uint8Array) => encodeDer(0xa4, name),
  registeredId: (text: string) => encodeDer(0x88, oid(text).subarray(2)),
  other: (type: string, text: string) =>
    encodeDer(0xa0, oid(type), encodeDer(0xa0, encodeDer(0x0c, Buffer.from(text)))),
}

export function subjectAltName(...names: Uint8Array[]): Uint8Array {
  return extension('2.5.29.17', sequence(...names))
}

/** Critical, as RFC 5280 section 4.2.1.10 demands. */
export function nameConstraints(lists: {
  permitted?: readonly Uint8Array[]
  excluded?: readonly Uint8Array[]
}): Uint8Array {
  const part = (tag: number, names: readonly Uint8Array[] = []) =>
    names.length === 0 ? [] : [encodeDer(tag, ...names.map((name) => sequence(name)))]
  const value = sequence(...part(0xa0, lists.permitted), ...part(0xa1, lists.excluded))
  return extension('2.5.29.30', value, true)
}
