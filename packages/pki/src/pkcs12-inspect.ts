import { asKeystoreFault } from './keystore-faults.ts'
import type { Pkcs12Bag } from './pkcs12-bags.ts'
import { parsePkcs12 } from './pkcs12-structure.ts'
import { Pkcs12Tally } from './pkcs12-tally.ts'

/** A password-based protection in words. */
export interface Protection {
  readonly name: string
  readonly iterations: number
  readonly legacy: boolean
}

/** A bag that shows without the password. */
interface Pkcs12BagOutline {
  readonly kind: Pkcs12Bag['kind']
  readonly friendlyName: string | null
  /** Of the bag itself: only keys have one. */
  readonly encryption: Protection | null
  /** Marked for Java as trusted certificate (pki.md section 4.5). */
  readonly javaTrusted: boolean
}

/** One content info; `bags` is null where it is encrypted as a whole. */
export interface Pkcs12Part {
  readonly encryption: Protection | null
  readonly bags: readonly Pkcs12BagOutline[] | null
}

/** What a PKCS#12 file tells anybody, without its password. */
export interface Pkcs12Structure {
  readonly mac: Protection | null
  readonly parts: readonly Pkcs12Part[]
}

/**
 * Outline of a PKCS#12 file; derives no key, so it needs no password and takes no time. Fails as
 * reading does for a file that is damaged, beyond the limits or protected in a way not supported.
 */
export function inspectPkcs12(bytes: Uint8Array): Pkcs12Structure {
  try {
    const { mac, safes } = parsePkcs12(bytes, new Pkcs12Tally())
    return {
      mac: mac && protectionOf(mac),
      parts: safes.map((safe) =>
        safe.encryption === null
          ? { encryption: null, bags: safe.bags.map(outlineOf) }
          : { encryption: protectionOf(safe.encryption), bags: null },
      ),
    }
  } catch (error) {
    throw asKeystoreFault(error)
  }
}

function outlineOf(bag: Pkcs12Bag): Pkcs12BagOutline {
  return {
    kind: bag.kind,
    friendlyName: bag.friendlyName,
    encryption: bag.kind === 'shrouded-key' ? protectionOf(bag.encryption) : null,
    javaTrusted: bag.javaTrusted,
  }
}

function protectionOf({ name, iterations, legacy }: Protection): Protection {
  return { name, iterations, legacy }
}
