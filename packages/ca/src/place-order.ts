import { isIP } from 'node:net'
import { generateKeyPair } from '@twinlatch/pki'
import type { AlternativeName } from './alternative-name.ts'
import type { Authorities, SigningAuthority } from './authority.ts'
import { findUnexpired } from './ca-store.ts'
import type {
  IssuedCertificate,
  ListenerCertificate,
  ServerOrder,
} from './certificate-authority.ts'
import { pemOf } from './chain-pem.ts'
import type { ProfileName } from './default-profiles.ts'
import { CaError } from './errors.ts'
import { assertNotIssuedBefore } from './idempotency.ts'
import { withChain } from './inventory.ts'
import { issue } from './issue.ts'
import type { IssueDeps, IssueResult } from './issue-request.ts'
import type { KeySource } from './key-source.ts'
import {
  type AdmittedOrder,
  admitOrder,
  type CertificateOrder,
  type OrderingCaller,
} from './order.ts'
import type { Profile } from './profile.ts'
import { assertQuota } from './quota.ts'

/** What placing an order needs. */
export interface OrderDesk extends IssueDeps {
  readonly keys: KeySource
  readonly profiles: ReadonlyMap<ProfileName, Profile>
  load(): Promise<Authorities>
}

/** Codes of refusals that are no decision about the order: they are not worth an audit row each. */
const unrecorded: ReadonlySet<string> = new Set(['ca/too-many-requests', 'ca/already-issued'])

/** The longest name that an audit row repeats from a refused order. */
const refusedNameMax = 64

/**
 * Takes an order from outside: admits it, makes the key, issues, packs. Cheap refusals come before
 * the key is made; those that must be exact are repeated in the transaction. Refusals are audited.
 */
export async function placeOrder(
  order: CertificateOrder,
  caller: OrderingCaller,
  idempotencyKey: string | null,
  desk: OrderDesk,
): Promise<IssuedCertificate> {
  try {
    return await fulfil(order, caller, idempotencyKey, desk)
  } catch (error) {
    await recordRefusal(error, order, caller, desk)
    throw error
  }
}

async function fulfil(
  order: CertificateOrder,
  caller: OrderingCaller,
  idempotencyKey: string | null,
  desk: OrderDesk,
): Promise<IssuedCertificate> {
  const { store, clock } = desk
  await assertNotIssuedBefore(store.database, caller, idempotencyKey)
  const profile = profileOf(order.profile, desk)
  const admitted = admitOrder(order, profile, caller, clock.now())
  const ifMissing = order.ifMissing ?? false
  const authorities = await desk.load()
  if (ifMissing) {
    const { name } = admitted
    const wanted = { name, profile: profile.name, now: clock.now() }
    const stored = await findUnexpired(store.database, caller.subaccountId, wanted)
    if (stored) return answer({ kind: 'existing', stored }, authorities)
  }
  const authority = authorityFor(admitted, authorities)
  await assertQuota(store.database, caller.subaccountId, desk)
  const key = await desk.keys.take(admitted.keyType, `${caller.subaccountId} ${caller.actor}`)
  const result = await issue(
    {
      order: admitted,
      authority,
      caller,
      key,
      counted: true,
      packed: true,
      ifMissing,
      idempotencyKey,
    },
    desk,
  )
  return answer(result, authorities)
}

/** Issues for a listener of this process; its key is not packed, and no quota is spent. */
export async function placeServerOrder(
  { subaccountId, names, days }: ServerOrder,
  desk: OrderDesk,
): Promise<ListenerCertificate> {
  const caller = { subaccountId, actor: 'system', tenantHost: '' }
  const [name = ''] = names
  const admitted = admitOrder(
    {
      name,
      days,
      profile: 'server',
      keyType: 'ec-p256',
      format: 'pem-secret',
      password: null,
      subjectAltNames: names.map(
        (value): AlternativeName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }),
      ),
    },
    profileOf('server', desk),
    caller,
    desk.clock.now(),
  )
  const authority = authorityFor(admitted, await desk.load())
  const key = await generateKeyPair(admitted.keyType)
  const result = await issue(
    {
      order: admitted,
      authority,
      caller,
      key,
      counted: false,
      packed: false,
      ifMissing: false,
      idempotencyKey: null,
    },
    desk,
  )
  const leaf = result.kind === 'issued' ? result.chain[0] : undefined
  if (!leaf) throw new TypeError('a listener certificate is always a fresh one')
  return {
    certificate: leaf,
    chainPem: pemOf([leaf, authority.issuing]),
    privateKey: key.privateKey,
  }
}

function profileOf(name: ProfileName, { profiles }: OrderDesk): Profile {
  const profile = profiles.get(name)
  if (profile) return profile
  throw new CaError('ca/profile-forbids', `this installation has no profile ${name}`)
}

/** The authority of the order's profile, if it outlives the certificate (pki.md section 3). */
function authorityFor(order: AdmittedOrder, { inUse }: Authorities): SigningAuthority {
  const authority = inUse.find(({ profile }) => profile === order.profile.name)
  if (!authority) throw new TypeError(`no authority serves profile ${order.profile.name}`)
  const { notAfter } = authority.issuing
  if (order.validity.notAfter <= notAfter) return authority
  throw new CaError(
    'ca/issuer-ends-first',
    `the certificate would outlive its issuer, which ends ${notAfter.toISOString()}; order a shorter validity`,
  )
}

function answer(result: IssueResult, authorities: Authorities): IssuedCertificate {
  const { record, chain } =
    result.kind === 'existing' ? withChain(result.stored, authorities) : result
  const [certificate] = chain
  if (!certificate) throw new TypeError('a chain has a leaf')
  const packed = result.kind === 'issued' ? result.packed : null
  return {
    record,
    certificate,
    chain,
    file: packed?.file ?? null,
    fileName: packed?.fileName ?? null,
    privateKeyPem: packed?.privateKeyPem ?? null,
    existing: result.kind === 'existing',
  }
}

async function recordRefusal(
  error: unknown,
  order: CertificateOrder,
  { subaccountId, actor }: OrderingCaller,
  { store, audit }: OrderDesk,
): Promise<void> {
  // What failed after signing has its row already, with the serial.
  if (!(error instanceof CaError) || error.code === 'ca/lint-failed') return
  if (unrecorded.has(error.code)) return
  const { code } = error
  const target = order.name.slice(0, refusedNameMax)
  const detail = { code, profile: order.profile }
  await store.transaction((database) =>
    audit.record(database, {
      subaccountId,
      actor,
      action: 'certificate.refused',
      target,
      detail,
    }),
  )
}
