import { CaError } from '../../../packages/ca/src/errors.ts'
import { parseOrder } from '../../../packages/ca/src/http-schemas.ts'
import { canonicalJson } from '../../../packages/control/src/json.ts'
import { subaccountRequest } from '../../../packages/control/src/requests.ts'
import { parseBindingOrder } from '../../../packages/tokens/src/binding-order.ts'
import { TokensError } from '../../../packages/tokens/src/errors.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

/** Bodies of our own APIs: certificate orders, bindings, subaccounts. */
export const jsonBodies: FuzzTarget = {
  name: 'json-bodies',
  kind: 'json',
  words: ['commonName', 'profile', 'validity', 'san', 'name', 'credentialType'],
  corpus: async () =>
    bytesOf(
      '{"commonName":"a","password":"p","profile":"client","validity":{"value":1,"unit":"DAYS"},"san":[{"type":"dns","value":"a.example"}]}',
      '{"name":"a","credentialType":"binding-secret"}',
      '{"name":"acme"}',
    ),
  run(input) {
    const body: unknown = JSON.parse(textOf(input))
    const canonical = canonicalJson(body)
    expectThat(canonicalJson(JSON.parse(canonical)) === canonical, 'one text per value')
    const accepted = [subaccountRequest.safeParse(body).success]
    return [...accepted, tryTo(() => parseOrder(body)), tryTo(() => parseBindingOrder(body))].some(
      Boolean,
    )
  },
  refuses: (error) => error instanceof SyntaxError,
}

function tryTo(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch (error) {
    if (error instanceof CaError || error instanceof TokensError) return false
    throw error
  }
}
