import {
  type Clock,
  devSubaccountId,
  Secret,
  type SubaccountId,
  silentLogger,
} from '@twinlatch/kit'
import { openStore, type Store } from '@twinlatch/store'
import { type Control, type DocumentCompiler, migrations, openControl } from '../src/index.ts'
import { createLineCompiler } from './line-compiler.ts'

/** The admin in `dev`. */
export const admin = { subaccountId: devSubaccountId, actor: 'admin' }

/** Control on the real database at `url`. */
export async function startControl(
  url: string,
  clock: Clock,
  compiler: DocumentCompiler = createLineCompiler(),
): Promise<{ store: Store; control: Control }> {
  const store = await openStore({
    url,
    masterKey: new Secret<Uint8Array>(Buffer.alloc(32, 7)),
    clock,
    log: silentLogger,
  })
  await store.migrate([migrations])
  return { store, control: await openControl({ store, clock, log: silentLogger, compiler }) }
}

/** The admin in a new subaccount. */
export async function otherTenant(
  control: Control,
  name = 'acme',
): Promise<{ subaccountId: SubaccountId; actor: string }> {
  const { id } = await control.subaccounts.create(name, admin)
  return { subaccountId: id, actor: 'admin' }
}
