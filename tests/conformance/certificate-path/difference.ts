import type { Judge } from './verdict.ts'

/** Judges beside us. */
export type OtherJudge = Exclude<Judge, 'offline' | 'gateway'>

/** Why some cases are judged differently. */
export interface Difference {
  /** Judges that may differ; one that happens to agree on a case is no fault. */
  readonly judges: readonly OtherJudge[]
  /** One sentence for the reference. */
  readonly reason: string
  /** Names of cases; each differs for at least one of the judges. */
  readonly cases: readonly string[]
}
