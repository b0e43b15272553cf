/** Longest name that is compared: field names are short, hostile ones need not be measured. */
const nameLengthMax = 64

/**
 * The name among `known` that a person probably meant by `name`, or `null`. Near is: equal without
 * case, or at most two edits (three for long names).
 */
export function nearestName(name: string, known: readonly string[]): string | null {
  if (name.length > nameLengthMax) return null
  const folded = name.toLowerCase()
  let best: { name: string; edits: number } | null = null
  for (const candidate of known) {
    const edits = editsBetween(folded, candidate.toLowerCase())
    if (best === null || edits < best.edits) best = { name: candidate, edits }
  }
  const allowed = name.length >= 12 ? 3 : name.length >= 4 ? 2 : 1
  return best !== null && best.edits <= allowed ? best.name : null
}

/** Levenshtein distance. */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
