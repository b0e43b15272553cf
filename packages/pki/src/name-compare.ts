import type { Attribute, Name } from './name.ts'
import { formatAttribute } from './name-format.ts'

/** One place where two names differ. */
export interface NameDifference {
  /** Position from 1 in the order of RFC 2253 text, in the left name unless only the right has it. */
  readonly index: number
  /** `OU=Partners`, or `null` where this side has nothing. */
  readonly left: string | null
  readonly right: string | null
}

export interface NameComparison {
  readonly equal: boolean
  /**
   * `same-folded`: equal but for case, blanks or Unicode form, which RFC 5280 section 7.1 ignores and
   * our rules do not; `reversed`: the same relative names in the opposite order.
   */
  readonly relation: 'same' | 'same-folded' | 'reversed' | 'different'
  readonly differences: readonly NameDifference[]
}

/**
 * The rule match of pki.md section 2.4: the same relative names in the same order, each compared as
 * a set, attribute types equal and values equal as text. No folding: the answer is the one an exact
 * compare of Envoy's text would give.
 */
export function equalNames(a: Name, b: Name): boolean {
  return nameKey(a) === nameKey(b)
}

/** Text that is equal for two names exactly when they match; a key for `Map`, not for display. */
export function nameKey(name: Name): string {
  return rdnTexts(name).join(',')
}

/** What RFC 5280 section 7.1 would take for equal: blanks squeezed, case and Unicode form folded. */
export function foldedRdn(rdn: readonly Attribute[]): string {
  return rdn.map(foldedAttribute).toSorted().join('+')
}

/** Compares two names and says where and how they differ, for the reader of a refusal. */
export function compareNames(a: Name, b: Name): NameComparison {
  const left = rdnTexts(a)
  const right = rdnTexts(b)
  if (left.join(',') === right.join(',')) return { equal: true, relation: 'same', differences: [] }
  return { equal: false, relation: relationOf(a, b), differences: differencesOf(left, right) }
}

function relationOf(a: Name, b: Name): NameComparison['relation'] {
  const left = a.rdns.map(foldedRdn)
  const right = b.rdns.map(foldedRdn)
  if (left.join(',') === right.join(',')) return 'same-folded'
  return left.join(',') === right.toReversed().join(',') ? 'reversed' : 'different'
}

/** Relative names in RFC 2253 order, each with its attributes sorted. */
function rdnTexts(name: Name): string[] {
  return name.rdns.map((rdn) => rdn.map(formatAttribute).toSorted().join('+')).toReversed()
}

function foldedAttribute(attribute: Attribute): string {
  const value = attribute.value.normalize('NFKC').trim().replaceAll(/\s+/g, ' ')
  return formatAttribute({ ...attribute, value: value.toUpperCase().toLowerCase() })
}

/** Aligns both lists on what they have in common, so that one missing OU is one difference. */
function differencesOf(left: readonly string[], right: readonly string[]): NameDifference[] {
  const common = commonLengths(left, right)
  const differences: NameDifference[] = []
  let i = 0
  let j = 0
  let gap = { left: [] as number[], right: [] as number[] }
  const close = () => {
    for (let k = 0; k < Math.max(gap.left.length, gap.right.length); k += 1) {
      const l = gap.left[k]
      const r = gap.right[k]
      differences.push({
        index: (l ?? r ?? 0) + 1,
        left: l === undefined ? null : (left[l] ?? null),
        right: r === undefined ? null : (right[r] ?? null),
      })
    }
    gap = { left: [], right: [] }
  }
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      close()
      i += 1
      j += 1
    } else if (
      j >= right.length ||
      (i < left.length && at(common, i + 1, j) >= at(common, i, j + 1))
    ) {
      gap.left.push(i)
      i += 1
    } else {
      gap.right.push(j)
      j += 1
    }
  }
  close()
  return differences
}

/** Table of the length of the longest common subsequence of the tails; names have few parts. */
function commonLengths(left: readonly string[], right: readonly string[]): number[][] {
  const table = Array.from({ length: left.length + 1 }, () =>
    new Array<number>(right.length + 1).fill(0),
  )
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const row = table[i]
      if (row === undefined) continue
      row[j] =
        left[i] === right[j]
          ? at(table, i + 1, j + 1) + 1
          : Math.max(at(table, i + 1, j), at(table, i, j + 1))
    }
  }
  return table
}

function at(table: readonly (readonly number[])[], i: number, j: number): number {
  return table[i]?.[j] ?? 0
}
