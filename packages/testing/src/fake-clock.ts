import type { Clock } from '@twinlatch/kit'

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  /** Moves the clock; negative milliseconds move it back, as a corrected machine clock does. */
  advance(ms: number): void
  set(time: Date | string): void
}

/** A clock that shows `start` (a fixed day unless given), so that dates in a test can be literal. */
export function createFakeClock(start: Date | string = '2026-11-23T12:00:00.000Z'): FakeClock {
  let current = new Date(start).getTime()
  return {
    now: () => new Date(current),
    advance: (ms) => {
      current += ms
    },
    set: (time) => {
      current = new Date(time).getTime()
    },
  }
}
