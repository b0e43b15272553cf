import type { ProblemItem } from '@twinlatch/kit'
import { addLength, type Validity, type ValidityLength, validityWindow } from '@twinlatch/pki'
import type { Profile } from './profile.ts'

/** Units in which a validity may be ordered (pki.md section 9). */
export const validityUnits = ['HOURS', 'DAYS', 'MONTHS', 'YEARS'] as const

const minuteMs = 60_000
const dayMs = 86_400_000

/** No unit needs more to reach the longest validity there is; beyond it a `Date` ends. */
const valueMax = 10_000

/**
 * The window of a certificate issued at `now` (pki.md section 11, trap 13): as long as ordered, or as
 * the profile says, and never longer than that allows. Faults are added to `problems`; the result is
 * `null` then.
 */
export function validityOf(
  ordered: { readonly days?: number | undefined; readonly validity?: ValidityLength | undefined },
  profile: Profile,
  now: Date,
  problems: ProblemItem[],
): Validity | null {
  const path = 'validity'
  if (ordered.days !== undefined && ordered.validity !== undefined) {
    problems.push({ path, message: 'is given twice: as validity and as days' })
    return null
  }
  const length = ordered.validity ?? {
    value: ordered.days ?? profile.validityDays.default,
    unit: 'DAYS',
  }
  if (!isAllowed(length, profile, now)) {
    problems.push({
      path,
      message: `must be a whole number of ${length.unit.toLowerCase()}, 1 hour at least and ${profile.validityDays.max} days at most, not ${length.value} (pki.md section 3)`,
    })
    return null
  }
  return validityWindow({ now, length, backdateMs: profile.backdateMinutes * minuteMs })
}

function isAllowed(length: ValidityLength, profile: Profile, now: Date): boolean {
  const { value } = length
  if (!Number.isSafeInteger(value) || value < 1 || value > valueMax) return false
  return addLength(now, length).getTime() - now.getTime() <= profile.validityDays.max * dayMs
}
