import type { SubaccountId } from '@twinlatch/kit'
import type { Caller } from '@twinlatch/trust'
import { DestinationsError } from './errors.ts'

/** Where an item lives; never a parameter of v1, always derived from the caller (section 1). */
export interface Level {
  readonly subaccountId: SubaccountId
  /** GUID of the service instance, or `null` on subaccount level. */
  readonly instanceId: string | null
}

/** The two levels of this service, as they are spelled in paths. */
export type LevelName = 'subaccount' | 'instance'

/** The level `name` of `caller`; an administrator has no instance and is told so. */
export function levelOf(caller: Caller, name: LevelName): Level {
  const { subaccountId, instanceId } = caller
  if (name === 'subaccount') return { subaccountId, instanceId: null }
  if (instanceId === null) {
    throw new DestinationsError(
      'destinations/level-forbidden',
      'the admin token acts on subaccount level; use an access token of a binding for instance level',
    )
  }
  return { subaccountId, instanceId }
}

/** The levels that Find searches, in this order: instance, then subaccount (section 1). */
export function searchedLevels(caller: Caller): readonly Level[] {
  return caller.instanceId === null
    ? [levelOf(caller, 'subaccount')]
    : [levelOf(caller, 'instance'), levelOf(caller, 'subaccount')]
}

/** How `level` is spelled. */
export function levelNameOf(level: Level): LevelName {
  return level.instanceId === null ? 'subaccount' : 'instance'
}
