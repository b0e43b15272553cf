import { overLimit } from './keystore-faults.ts'
import { keystoreLimits } from './keystore-limits.ts'

/**
 * Counts what one file holds and asks for; throws `pki/keystore-limits` at the first excess. One
 * tally lives through all stages of reading, as encrypted parts show what they hold only later.
 */
export class Pkcs12Tally {
  #bags = 0
  #certificates = 0
  #iterations = 0

  addBag(): void {
    if (++this.#bags > keystoreLimits.bagsMax) {
      throw overLimit(`it has more than ${keystoreLimits.bagsMax} bags`)
    }
  }

  addCertificate(): void {
    if (++this.#certificates > keystoreLimits.certificatesMax) {
      throw overLimit(`it has more than ${keystoreLimits.certificatesMax} certificates`)
    }
  }

  /** Called before the derivation that these iterations belong to. */
  addIterations(iterations: number): void {
    this.#iterations += iterations
    if (this.#iterations > keystoreLimits.iterationsSumMax) {
      throw overLimit(
        `its key derivations have more than ${keystoreLimits.iterationsSumMax} iterations together`,
      )
    }
  }
}
