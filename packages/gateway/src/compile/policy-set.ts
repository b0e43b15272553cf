import type { PolicyDecision, PolicySet } from '../compiled.ts'
import type { PlannedPolicy, PolicyAttachment } from '../plan/types.ts'
import type { NameKeys } from './policy-attribute.ts'
import { PolicyIndex } from './policy-index.ts'
import { compileRules } from './policy-rule.ts'
import { tracePolicies } from './policy-trace.ts'

const allowed: PolicyDecision = { allowed: true, code: null, policy: null }

/**
 * The policies of one point (gateway.md section 11.3): DENY first, then ALLOW if there is any.
 * AUDIT and dry-run policies are traced, never enforced; an attachment with an error refuses all.
 */
export function compilePolicySet(
  attachment: PolicyAttachment,
  policies: ReadonlyMap<string, PlannedPolicy>,
  options: { readonly point: 'gateway' | 'workload'; readonly names: NameKeys },
): PolicySet {
  const attached = attachment.policies.map((id) => {
    const policy = policies.get(id)
    if (policy === undefined) throw new TypeError(`the plan has no policy ${id}`)
    return { policy, rules: compileRules(policy, options.names) }
  })
  const enforced = (action: PlannedPolicy['action']) =>
    attached.filter(({ policy }) => policy.action === action && !policy.dryRun)
  const deny = new PolicyIndex(enforced('DENY').flatMap(({ rules }) => rules))
  const allow = new PolicyIndex(enforced('ALLOW').flatMap(({ rules }) => rules))
  const restricted = enforced('ALLOW').length > 0
  const { error } = attachment
  return {
    empty: attached.length === 0 && error === null,
    decide(view) {
      if (error !== null) return { allowed: false, code: 'POL_ERROR', policy: error.policy }
      const denying = deny.find(view)
      if (denying !== null) {
        return { allowed: false, code: 'POL_DENY_MATCHED', policy: denying.policy }
      }
      if (!restricted) return allowed
      const allowing = allow.find(view)
      return allowing === null
        ? { allowed: false, code: 'POL_NO_ALLOW_MATCHED', policy: null }
        : { allowed: true, code: null, policy: allowing.policy }
    },
    trace: (view) => tracePolicies(attached, view, options.point),
  }
}
