import { describeDuration } from '@twinlatch/kit'
import { buildPath, type Certificate, formatName } from '@twinlatch/pki'
import type { ExplainedStep, PeerIdentity, Stage } from '@twinlatch/trust'
import { stages } from '@twinlatch/trust'
import type { TlsFacts } from '@twinlatch/wire'
import type { CompiledServer } from '../../compiled.ts'
import type { ConnectionContext } from './connection.ts'
import type { TrustDomain } from './trust-domain.ts'

/** Facts of a connection that its steps are told from. */
export interface ConnectionFacts {
  readonly server: CompiledServer | null
  readonly domain: TrustDomain | null
  readonly tls: TlsFacts | null
  readonly identity: PeerIdentity | null
  readonly intermediates: readonly Certificate[]
  readonly now: Date
}

/** The facts of a connection that was let in. */
export function factsOf(
  context: ConnectionContext,
  server: CompiledServer | null,
  now: Date,
): ConnectionFacts {
  const { domain, tls, identity, intermediates } = context
  return { server, domain, tls, identity, intermediates, now }
}

/**
 * The steps of a connection up to `failed`, or all of them. Each one before it has passed, because
 * a refusal is told by the first stage that fails. For records only: it builds the path again.
 */
export function connectionSteps(
  facts: ConnectionFacts,
  failed: { readonly stage: Stage; readonly summary: string } | null,
): ExplainedStep[] {
  const steps: ExplainedStep[] = []
  for (const stage of connectionStages) {
    if (failed?.stage === stage)
      return [...steps, { stage, result: 'fail', detail: failed.summary }]
    if (failed && stages.indexOf(stage) > stages.indexOf(failed.stage)) break
    steps.push(...(passed[stage]?.(facts) ?? []))
  }
  return failed
    ? [...steps, { stage: failed.stage, result: 'fail', detail: failed.summary }]
    : steps
}

const connectionStages = ['sni', 'handshake', 'chain', 'purpose', 'validity', 'revocation'] as const

type ConnectionStage = (typeof connectionStages)[number]

const passed: Record<ConnectionStage, (facts: ConnectionFacts) => ExplainedStep[]> = {
  sni: ({ server, tls }) =>
    server ? [pass('sni', `host ${hostOf(server, tls)} on gateway ${gatewayName(server)}`)] : [],
  handshake: ({ tls, identity }) => (tls ? [pass('handshake', handshakeText(tls, identity))] : []),
  chain: (facts) => (facts.identity ? [chainStep(facts.identity, facts)] : []),
  purpose: ({ identity }) =>
    identity
      ? [pass('purpose', identity.certificate.extendedKeyUsage?.join(', ') ?? 'any purpose')]
      : [],
  validity: ({ identity, now }) => {
    if (!identity) return []
    const leftMs = identity.notAfter.getTime() - now.getTime()
    return [pass('validity', `${describeDuration(leftMs)} left`)]
  },
  revocation: ({ identity, domain }) => {
    if (!identity) return []
    return domain?.tls.settings.crlPem
      ? [pass('revocation', 'not in the list of its issuer')]
      : [{ stage: 'revocation', result: 'skip', detail: 'this host has no revocation list' }]
  },
}

/** `namespace/name` of the Gateway of a server. */
export function gatewayName({ gateway }: CompiledServer): string {
  return `${gateway.namespace}/${gateway.name}`
}

function handshakeText(tls: TlsFacts, identity: PeerIdentity | null): string {
  const session = tls.resumed ? ', session resumed' : ''
  const certificate = identity ? 'client certificate sent' : 'no client certificate sent'
  return `${tls.protocol}, ${certificate}${session}`
}

function chainStep(identity: PeerIdentity, facts: ConnectionFacts): ExplainedStep {
  const { domain } = facts
  const bundle = domain?.bundleName ?? 'of this host'
  const known = [...facts.intermediates, ...(domain?.memory.list() ?? [])]
  const path = buildPath(identity.certificate, known, [...(domain?.anchors ?? [])])
  const anchor = path?.at(-1)
  if (!path || !anchor) return pass('chain', `verified by OpenSSL against bundle ${bundle}`)
  const links = path.length - 1
  const count = links === 1 ? '1 link' : `${links} links`
  return pass('chain', `${count} to ${formatName(anchor.subject)} (bundle ${bundle})`)
}

function hostOf(server: CompiledServer, tls: TlsFacts | null): string {
  const name = tls?.serverName ?? null
  if (name !== null && server.hosts.includes(name)) return name
  const wildcard = server.hosts
    .filter((host) => host === '*' || (host.startsWith('*.') && name?.endsWith(host.slice(1))))
    .sort((a, b) => b.length - a.length)
  return wildcard[0] ?? server.hosts.join(', ')
}

function pass(stage: Stage, detail: string): ExplainedStep {
  return { stage, result: 'pass', detail }
}
