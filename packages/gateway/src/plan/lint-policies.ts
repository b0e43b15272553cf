import { parseDistinguishedName } from '@twinlatch/pki'
import type { GatewaySettings } from '../config.ts'
import { jsonPath } from '../issues.ts'
import type { AuthorizationPolicyDocument, PolicyRule } from '../istio/authorization-policy.ts'
import { isPathTemplate } from '../path-template.ts'
import { isDistinguishedNameKey, parsePolicyKey } from '../policy-key.ts'
import type { Findings } from './findings.ts'
import { oddityOfName } from './name-oddity.ts'
import { isGateway, targetsOf } from './policies.ts'
import type { Resources } from './resources.ts'

/** Reports one oddity at a path below `spec.rules`. */
type Report = (path: readonly (string | number)[], message: string) => void

/** Warns of values that can never match, or match more than they say (gateway.md section 11). */
export function lintPolicies(lint: {
  readonly resources: Resources
  readonly settings: GatewaySettings
  readonly findings: Findings
}): void {
  const { ingressNamespace, rootNamespace } = lint.settings
  for (const policy of lint.resources.policies) {
    const targets = targetsOf(policy)
    const atGateway =
      targets?.some(isGateway) ??
      (policy.namespace === ingressNamespace || policy.namespace === rootNamespace)
    for (const { path, message } of odditiesOf(policy.document, atGateway)) {
      lint.findings.warnings.push({ at: policy, path, message })
    }
  }
}

interface Oddity {
  /** JSON path. */
  readonly path: string
  readonly message: string
}

/** Depends on the document and its point alone, and reading ten thousand names takes a while. */
function odditiesOf(document: AuthorizationPolicyDocument, atGateway: boolean): readonly Oddity[] {
  remembered ??= { gateway: new WeakMap(), workload: new WeakMap() }
  const found = remembered[atGateway ? 'gateway' : 'workload']
  const known = found.get(document)
  if (known !== undefined) return known
  const oddities: Oddity[] = []
  document.spec.rules?.forEach((rule, index) => {
    const report: Report = (path, message) =>
      oddities.push({ path: jsonPath(['spec', 'rules', index, ...path]), message })
    lintSources(rule, report)
    lintOperations(rule, atGateway, report)
    lintConditions(rule, atGateway, report)
  })
  found.set(document, oddities)
  return oddities
}

type Remembered = WeakMap<AuthorizationPolicyDocument, readonly Oddity[]>
let remembered: { readonly gateway: Remembered; readonly workload: Remembered } | undefined

function lintSources(rule: PolicyRule, report: Report): void {
  rule.from?.forEach(({ source }, index) => {
    for (const field of ['principals', 'notPrincipals'] as const) {
      source[field]?.forEach((value, at) => {
        if (!value.startsWith('spiffe://')) return
        report(
          ['from', index, 'source', field, at],
          `"${value}" never matches: principals are written without spiffe://`,
        )
      })
    }
  })
}

function lintOperations(rule: PolicyRule, atGateway: boolean, report: Report): void {
  rule.to?.forEach(({ operation }, index) => {
    for (const field of ['paths', 'notPaths'] as const) {
      operation[field]?.forEach((value, at) => {
        if (value.startsWith('/') || value.startsWith('*') || isPathTemplate(value)) return
        report(
          ['to', index, 'operation', field, at],
          `"${value}" never matches: a path begins with "/"`,
        )
      })
    }
    for (const field of ['ports', 'notPorts'] as const) {
      operation[field]?.forEach((value, at) => {
        if (!atGateway || (value !== '443' && value !== '80')) return
        report(
          ['to', index, 'operation', field, at],
          `${value} never matches at the gateway: ports are the pod's, 8443 and 8080`,
        )
      })
    }
  })
}

function lintConditions(rule: PolicyRule, atGateway: boolean, report: Report): void {
  rule.when?.forEach((condition, index) => {
    const key = parsePolicyKey(condition.key)
    if (key.kind === 'connection.sni' && !atGateway) {
      report(
        ['when', index, 'key'],
        "at a workload connection.sni is outbound_.<port>_._.<service>, never the client's",
      )
    }
    if (isDistinguishedNameKey(key.kind)) {
      for (const field of ['values', 'notValues'] as const) {
        condition[field]?.forEach((value, at) => {
          for (const warning of parseDistinguishedName(value).warnings) {
            report(['when', index, field, at], `"${value}": ${warning}`)
          }
        })
      }
    }
    if (key.kind !== 'header') return
    if (atGateway && key.header.startsWith('x-client-ssl-')) {
      report(
        ['when', index, 'key'],
        `${condition.key} is empty at the gateway, where routes have not set it yet: attach the ` +
          'policy to the workload, or use connection.tls.peer.subject',
      )
    }
    for (const field of ['values', 'notValues'] as const) {
      condition[field]?.forEach((value, at) => {
        const message = oddityOfName(value)
        if (message !== null) report(['when', index, field, at], message)
      })
    }
  })
}
