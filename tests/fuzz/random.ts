/** Numbers that look random and are the same for the same seed and index, on every machine. */
export interface Random {
  /** A whole number from 0 up to, not including, `end` (0 when that is below 1). */
  below(end: number): number
  /** True once in `times`. */
  oneIn(times: number): boolean
  pick<T>(list: readonly T[]): T
}

/** The numbers of one input (mulberry32): any input can be made again without those before it. */
export function createRandom(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
  const below = (end: number) => (end < 1 ? 0 : next() % end)
  return {
    below,
    oneIn: (times) => below(times) === 0,
    pick(list) {
      const item = list[below(list.length)]
      if (item === undefined) throw new TypeError('nothing to pick from')
      return item
    },
  }
}
