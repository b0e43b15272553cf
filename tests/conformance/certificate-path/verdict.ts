import { encodePem } from '@twinlatch/pki'
import type { Party } from './mint.ts'
import type { Material, PathCase } from './path-case.ts'

/** Who judges. `offline` and `gateway` are ours; `strict` is `openssl verify` with -x509_strict. */
export const judges = ['offline', 'gateway', 'openssl', 'strict', 'gnutls', 'envoy'] as const
export type Judge = (typeof judges)[number]

/** What a judge said: `none` when it could not be asked. */
export interface Verdict {
  readonly says: 'accept' | 'refuse' | 'none'
  /** Code or text of the judge, for people. */
  readonly why: string
}

/** A case with its bytes, made once so that every judge sees the same ones. */
export interface MadeCase extends PathCase {
  /** Place in the list of all cases: part of host names and files. */
  readonly index: number
  readonly material: Material
  /** Leaf first, as a client sends it. */
  readonly chainPem: string
  readonly bundlePem: string
  readonly crlPem: string | null
}

/** PEM of certificates, whatever their bytes are. */
export function pemOf(parties: readonly Pick<Party, 'der'>[]): string {
  return parties.map(({ der }) => encodePem('CERTIFICATE', der)).join('')
}

/** The bytes of a case. */
export function make(one: PathCase, index: number): MadeCase {
  const material = one.build()
  const lists = material.crls?.map((der) => encodePem('X509 CRL', der))
  return {
    ...one,
    index,
    material,
    chainPem: pemOf([material.leaf, ...material.above]),
    bundlePem: pemOf(material.anchors),
    crlPem: lists === undefined ? null : lists.join(''),
  }
}

/** Private key of the leaf as PKCS#8. */
export function keyPemOf({ material }: MadeCase): string {
  return material.leaf.key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Runs `ask` for every case, a few at a time. */
export async function askEach(
  cases: readonly MadeCase[],
  atOnce: number,
  ask: (one: MadeCase) => Promise<Verdict>,
): Promise<ReadonlyMap<string, Verdict>> {
  const verdicts = new Map<string, Verdict>()
  const queue = [...cases]
  const work = async () => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) {
      verdicts.set(one.name, await ask(one))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return verdicts
}
