import { byteMutations } from './mutate-bytes.ts'
import { derMutations } from './mutate-der.ts'
import { mutateJson, mutateText } from './mutate-text.ts'
import { createRandom, type Random } from './random.ts'
import type { FuzzTarget } from './target.ts'

/** Mutations multiply what they copy; the limits of sizes have named cases of their own. */
export const inputBytesMax = 64 * 1024

/** Input number `index` of a run: one of the corpus, changed once to six times. */
export function makeInput(
  target: FuzzTarget,
  corpus: readonly Uint8Array[],
  { seed, index }: { readonly seed: number; readonly index: number },
): Uint8Array {
  const random = createRandom(seed, index)
  let input = random.pick(corpus)
  const changes = 1 + random.below(random.oneIn(3) ? 6 : 2)
  for (let change = 0; change < changes; change += 1) {
    input = changed(target, input, random, random.pick(corpus)).subarray(
      0,
      target.inputBytesMax ?? inputBytesMax,
    )
  }
  return input
}

function changed(
  { kind, words = [] }: FuzzTarget,
  input: Uint8Array,
  random: Random,
  other: Uint8Array,
): Uint8Array {
  switch (kind) {
    case 'bytes':
      return random.pick(byteMutations)(input, random, other)
    case 'der':
      return random.pick(random.oneIn(3) ? byteMutations : derMutations)(input, random, other)
    case 'text':
    case 'json': {
      // Octets that are no UTF-8 come from here only.
      if (random.oneIn(10)) return random.pick(byteMutations)(input, random, other)
      const mutateOne = kind === 'text' ? mutateText : mutateJson
      const [text, foreign] = [decode(input), decode(other)]
      return Buffer.from(mutateOne(text, random, foreign, words), 'utf8')
    }
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
