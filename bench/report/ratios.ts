import type { Row } from './summary.ts'

/** Our figure by that of a peer in the same run: above 1 is better than the peer. */
export interface Ratio {
  readonly group: string
  readonly run: string
  readonly ours: string
  readonly peer: string
  readonly ratio: number
  /** The same by CPU second, which other load on the machine disturbs less; not for memory. */
  readonly perCpuSecond: number | null
}

/** Whether a run is about memory, where less is better. */
export function isMemory(run: string): boolean {
  return run.startsWith('memory')
}

/** The figure of a row that its run is about. */
export function figureOf(row: Row): number {
  if (isMemory(row.run)) return row.memoryMb
  return row.run.includes('MB/s') ? row.megabytesPerSecond : row.perSecond
}

/** Every comparison of ours with a peer in the same run, with as many subjects. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows.flatMap((row) => {
    if (!isOurs(row)) return []
    return rows.filter((other) => isPeer(row, other)).map((peer) => compare(row, peer))
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

function compare(ours: Row, peer: Row): Ratio {
  const memory = isMemory(ours.run)
  const ratio = memory ? figureOf(peer) / figureOf(ours) : figureOf(ours) / figureOf(peer)
  return {
    group: ours.group,
    run: ours.run,
    ours: ours.contender,
    peer: peer.contender,
    ratio,
    perCpuSecond: memory ? null : ours.perCpuSecond / peer.perCpuSecond,
  }
}
