/**
 * A first look at header names: tells most names that are not in a set of canonical ones by their
 * length and first character alone, before anything is changed to lower case. Never says no to a
 * name that the set holds in whatever spelling; a yes has to be looked up.
 */
export class NameSieve {
  readonly #lengths: number
  readonly #firsts: number

  constructor(canonicalNames: Iterable<string>) {
    let lengths = 0
    let firsts = 0
    for (const name of canonicalNames) {
      lengths |= 1 << name.length
      firsts |= firstBit(name)
    }
    this.#lengths = lengths
    this.#firsts = firsts
  }

  mayHold(name: string): boolean {
    // A shift counts modulo 32, on both sides.
    return (this.#lengths & (1 << name.length)) !== 0 && (this.#firsts & firstBit(name)) !== 0
  }
}

/** One bit for a letter of either case, a digit, or `-`, which every other sign becomes. */
function firstBit(name: string): number {
  const code = name.charCodeAt(0) | 0x20
  const isLetter = code >= 0x61 && code <= 0x7a
  const isDigit = code >= 0x30 && code <= 0x39
  return 1 << (isLetter || isDigit ? code : 0x2d)
}
