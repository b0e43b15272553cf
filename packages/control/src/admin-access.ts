import { randomBytes } from 'node:crypto'
import { equalInConstantTime, parseSubaccountId, type Secret } from '@twinlatch/kit'
import { loadSecretFile, type SubaccountDirectory } from '@twinlatch/store'
import { type Authenticate, readBearer } from '@twinlatch/trust'

/** Header that names the subaccount an admin acts in, by name or GUID. */
export const subaccountHeader = 'x-twinlatch-subaccount'

const defaultSubaccount = 'dev'

/**
 * The admin token in `file`, which is created with mode 0600 if it is missing and refused if others
 * may read it. Its prefix lets secret scanners find one that got into a repository.
 */
export function loadAdminToken({ file }: { file: string }): Promise<Secret<string>> {
  return loadSecretFile({
    file,
    what: 'an admin token',
    form: /^twl_[\w-]{43}$/,
    generate: () => `twl_${randomBytes(32).toString('base64url')}`,
  })
}

/**
 * Lets in whoever sends the admin token as bearer, into `dev` or the subaccount that
 * `X-Twinlatch-Subaccount` names, on subaccount level (architecture.md, "Admin token"). There is
 * no cookie for it, so a browser never sends it by itself.
 */
export function authenticateAdmin(
  token: Secret<string>,
  directory: SubaccountDirectory,
): Authenticate {
  return async (headers) => {
    const presented = readBearer(headers)
    if (presented === null) {
      return { reason: 'missing', description: 'Send the admin token as a bearer token.' }
    }
    if (!equalInConstantTime(presented, token.reveal())) {
      return { reason: 'invalid', description: 'The bearer token is not valid.' }
    }
    const wanted = headers.get(subaccountHeader) ?? defaultSubaccount
    const id = parseSubaccountId(wanted)
    const subaccount = id ? await directory.byId(id) : await directory.byName(wanted)
    if (!subaccount) {
      return {
        reason: 'unknown-subaccount',
        description: `There is no subaccount ${JSON.stringify(wanted.slice(0, 64))}.`,
      }
    }
    return {
      kind: 'admin',
      name: 'admin',
      subaccountId: subaccount.id,
      subaccountName: subaccount.name,
      instanceId: null,
    }
  }
}
