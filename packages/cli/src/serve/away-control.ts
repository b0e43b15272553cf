import type { Control } from '@twinlatch/control'
import { devSubaccountId } from '@twinlatch/kit'
import { StoreError, type SubaccountEntry } from '@twinlatch/store'

/** The one subaccount that is known without asking the database. */
const dev: SubaccountEntry = { id: devSubaccountId, name: 'dev', host: 'dev.localhost' }

/**
 * Control while the database has not been reached yet: the explanations of what the gateway decides,
 * and `store/unreachable` for everything that is stored.
 */
export function createAwayControl(explanations: Control['explanations']): Control {
  const away = () => Promise.reject(unreachable())
  return {
    explanations,
    subaccounts: {
      byId: async (id) => (id === dev.id ? dev : away()),
      byName: async (name) => (name === dev.name ? dev : away()),
      list: away,
      create: away,
      ensureDev: away,
    },
    audit: { record: away, list: away, check: away },
    documents: {
      apply: away,
      delete: away,
      list: away,
      all: away,
      onChange: () => () => undefined,
      watch: away,
    },
    stop: async () => undefined,
  }
}

/** The answer of whatever needs the database. */
export function unreachable(): StoreError {
  return new StoreError(
    'store/unreachable',
    'The database cannot be reached. The gateway serves its last configuration; try again.',
  )
}
