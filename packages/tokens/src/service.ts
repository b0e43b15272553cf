import type { Clock, Logger, SubaccountId } from '@twinlatch/kit'
import type { AuditSink, Store, SubaccountDirectory } from '@twinlatch/store'
import {
  type Authenticate,
  type AuthenticationFailure,
  type Caller,
  readBearer,
} from '@twinlatch/trust'
import type { Binding, BindingClient, TokenUrls, VcapService } from './binding.ts'
import { createBinding, deleteBinding, showBinding } from './binding-operations.ts'
import type { BindingOrder } from './binding-order.ts'
import { findBindingByClientId, listBindings } from './binding-store.ts'
import { type Rate, tokenRates } from './limits.ts'
import { createRateLimiter } from './rate-limit.ts'
import { openSigningKeys, type PublicJwk } from './signing-keys.ts'
import { type AccessToken, createAccessToken, verifyAccessToken } from './token.ts'
import { answerTokenRequest, type TokenRequest } from './token-endpoint.ts'

/** Whom a good access token speaks for. */
export interface VerifiedToken {
  readonly clientId: string
  readonly subaccountId: SubaccountId
  readonly subaccountName: string
  readonly instanceId: string
  readonly expiresAt: Date
}

/** Tokens and the bindings they are issued to. */
export interface TokenService {
  readonly urls: TokenUrls
  /** Answers a request of the token endpoint or throws a `TokensError`. */
  token(request: TokenRequest): Promise<AccessToken>
  publicKeys(): Promise<PublicJwk[]>
  /** Whom `accessToken` speaks for: it is ours, current, and its binding still exists. Never throws on bad input. */
  verify(accessToken: string): Promise<VerifiedToken | AuthenticationFailure>
  createBinding(subaccountId: SubaccountId, order: BindingOrder, actor: string): Promise<Binding>
  listBindings(subaccountId: SubaccountId): Promise<Binding[]>
  /** The credentials of a binding, in the clear; leaves an audit row, or fails. */
  showBinding(subaccountId: SubaccountId, name: string, actor: string): Promise<VcapService>
  /** Removes a binding; its tokens are worth nothing from then on. */
  deleteBinding(subaccountId: SubaccountId, name: string, actor: string): Promise<void>
}

/** What the token service is made of. */
export interface TokenServiceDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Logger
  readonly urls: TokenUrls
  readonly subaccounts: SubaccountDirectory
}

/** Opens the token service on a migrated store; the first start makes the signing key. */
export async function openTokenService(deps: TokenServiceDeps): Promise<TokenService> {
  const { store, clock, log, urls, subaccounts } = deps
  const keys = await openSigningKeys({ store, clock, log })
  const limiter = (rate: Rate) => createRateLimiter(rate, tokenRates.keysMax, clock)
  const limiters = {
    tokensPerClient: limiter(tokenRates.tokensPerClient),
    failuresPerClient: limiter(tokenRates.failuresPerClient),
    failuresPerAddress: limiter(tokenRates.failuresPerAddress),
  }
  const findClient = (clientId: string) =>
    findBindingByClientId(store.database, store.seal, clientId)
  const endpoint = {
    findClient,
    mint: (client: BindingClient) => createAccessToken(client, { keys, urls, clock }),
    limiters,
  }

  return {
    urls,
    publicKeys: () => keys.publish(),
    createBinding: (subaccountId, order, actor) => createBinding(deps, subaccountId, order, actor),
    listBindings: (subaccountId) => listBindings(store.database, subaccountId),
    showBinding: (subaccountId, name, actor) =>
      showBinding(deps, subaccountId, name, actor, keys.verificationKey()),
    deleteBinding: (subaccountId, name, actor) => deleteBinding(deps, subaccountId, name, actor),
    async token(request) {
      const { token, client, grantType } = await answerTokenRequest(request, endpoint)
      log.info(
        {
          event: 'token.issued',
          grant: grantType,
          client: client.clientId,
          subaccount: client.subaccountId,
          jti: token.jti,
        },
        'token issued',
      )
      return token
    },
    async verify(accessToken) {
      const facts = await verifyAccessToken(accessToken, { keys, urls, clock })
      if ('reason' in facts) return facts
      const client = await findClient(facts.clientId)
      if (!client || client.subaccountId !== facts.subaccountId) {
        return { reason: 'invalid', description: 'the binding of this access token was deleted' }
      }
      const subaccount = await subaccounts.byId(client.subaccountId)
      if (!subaccount) {
        return { reason: 'unknown-subaccount', description: 'the subaccount no longer exists' }
      }
      return {
        clientId: client.clientId,
        subaccountId: client.subaccountId,
        subaccountName: subaccount.name,
        instanceId: client.instanceId,
        expiresAt: facts.expiresAt,
      }
    },
  }
}

/** Authenticates callers by the access tokens of `service`; whoever sends none is `missing`. */
export function authenticateByToken(service: Pick<TokenService, 'verify'>): Authenticate {
  return async (headers): Promise<Caller | AuthenticationFailure> => {
    if (!headers.has('authorization')) {
      return { reason: 'missing', description: 'an access token is needed: Authorization: Bearer' }
    }
    const accessToken = readBearer(headers)
    if (accessToken === null) {
      return { reason: 'malformed', description: 'the Authorization header is not a bearer token' }
    }
    const verified = await service.verify(accessToken)
    if ('reason' in verified) return verified
    return {
      kind: 'client',
      name: verified.clientId,
      subaccountId: verified.subaccountId,
      subaccountName: verified.subaccountName,
      instanceId: verified.instanceId,
    }
  }
}
