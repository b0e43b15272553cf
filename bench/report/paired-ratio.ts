/** A ratio that was measured several times, each time as a pair, and where it lies for certain. */
export interface PairedRatio {
  /** Geometric mean. */
  readonly ratio: number
  /** The two ends of its 95 % confidence interval. */
  readonly low: number
  readonly high: number
  readonly pairs: number
}

/** Student's t for 95 %, two-sided, by degrees of freedom from 1. */
const student = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14]
/** Of 15; of more it is less. */
const studentOfMany = 2.13

/** Ratio of the first figure of each pair by its second. */
export function pairedRatio(pairs: readonly (readonly [number, number])[]): PairedRatio {
  const logs = pairs.map(([a, b]) => Math.log(a / b))
  const mean = logs.reduce((sum, value) => sum + value, 0) / logs.length
  const squares = logs.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const freedom = logs.length - 1
  const error = Math.sqrt(squares / freedom / logs.length)
  const half = (student[freedom - 1] ?? studentOfMany) * error
  return {
    ratio: Math.exp(mean),
    low: Math.exp(mean - half),
    high: Math.exp(mean + half),
    pairs: logs.length,
  }
}
