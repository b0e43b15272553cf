import type { Sample } from '../gateway/runs.ts'
import { type PairedRatio, pairedRatio } from './paired-ratio.ts'
import type { Row } from './summary.ts'

/** Our figure by that of a peer in the same run: above 1 is better than the peer. */
export interface Ratio {
  readonly group: string
  readonly run: string
  readonly ours: string
  readonly peer: string
  readonly ratio: number
  /** Ends of its 95 % confidence interval, if there were several starts to tell it from. */
  readonly range: readonly [low: number, high: number] | null
  /** The same by CPU second, which other load on the machine disturbs less; not for memory. */
  readonly perCpuSecond: number | null
}

/** Whether a run is about memory, where less is better. */
export function isMemory(run: string): boolean {
  return run.startsWith('memory')
}

type Figures = Pick<Row, 'run' | 'memoryMb' | 'megabytesPerSecond' | 'perSecond'>

/** The figure that a run is about. */
export function figureOf(of: Figures): number {
  if (isMemory(of.run)) return of.memoryMb
  return of.run.includes('MB/s') ? of.megabytesPerSecond : of.perSecond
}

/** Every comparison of ours with a peer in the same run, with as many subjects. */
export function ratiosOf(rows: readonly Row[], samples: readonly Sample[]): Ratio[] {
  return rows.flatMap((row) => {
    if (!isOurs(row)) return []
    return rows.filter((other) => isPeer(row, other)).map((peer) => compare(row, peer, samples))
  })
}

/** Whether a row is about our side. */
function isOurs({ contender }: Row): boolean {
  return contender.startsWith('twinlatch')
}

function isPeer(ours: Row, other: Row): boolean {
  if (isOurs(other) || other.group !== ours.group || other.run !== ours.run) return false
  return ours.group !== 'subjects' || subjectsOf(ours) === subjectsOf(other)
}

function subjectsOf({ contender }: Row): string {
  return /\d+/.exec(contender)?.[0] ?? ''
}

function compare(ours: Row, peer: Row, samples: readonly Sample[]): Ratio {
  const { group, run } = ours
  const names = { group, run, ours: ours.contender, peer: peer.contender }
  const pairs = pairsOf(ours, peer, samples)
  // Of one start nobody knows what the next one would say: medians, without a range.
  if (new Set(pairs.map(([{ start }]) => start)).size > 1) return { ...names, ...paired(pairs) }
  const memory = isMemory(run)
  return {
    ...names,
    ratio: memory ? figureOf(peer) / figureOf(ours) : figureOf(ours) / figureOf(peer),
    range: null,
    perCpuSecond: memory ? null : ours.perCpuSecond / peer.perCpuSecond,
  }
}

type Pair = readonly [ours: Sample, peer: Sample]

/** Rounds of both that followed each other; disturbed ones only if there are no others. */
function pairsOf(ours: Row, peer: Row, samples: readonly Sample[]): readonly Pair[] {
  const of = ({ group, run, contender }: Row) =>
    samples.filter((one) => one.group === group && one.run === run && one.contender === contender)
  const theirs = of(peer)
  const pairs = of(ours).flatMap((one): Pair[] => {
    const other = theirs.find(({ start, round }) => start === one.start && round === one.round)
    return other ? [[one, other]] : []
  })
  const clean = pairs.filter((pair) => pair.every(({ dirty }) => !dirty))
  return clean.length > 1 ? clean : pairs
}

function paired(pairs: readonly Pair[]): Pick<Ratio, 'ratio' | 'range' | 'perCpuSecond'> {
  const by = (figure: (sample: Sample) => number): PairedRatio =>
    pairedRatio(pairs.map(([ours, peer]) => [figure(ours), figure(peer)]))
  const { ratio, low, high } = by(figureOf)
  return { ratio, range: [low, high], perCpuSecond: by((one) => one.perCpuSecond).ratio }
}
