import type { PolicyDecision, PolicySet } from '../compiled.ts'
import { isSameList } from '../plan/last-answer.ts'
import type { PlannedPolicy, PolicyAttachment } from '../plan/types.ts'
import type { NameKeys } from './policy-attribute.ts'
import { PolicyIndex } from './policy-index.ts'
import { compileRules } from './policy-rule.ts'
import { tracePolicies } from './policy-trace.ts'

interface Options {
  readonly point: 'gateway' | 'workload'
  readonly names: NameKeys
}

const allowed: PolicyDecision = { allowed: true, code: null, policy: null }

/**
 * The policies of one point (gateway.md section 11.3): DENY first, then ALLOW if there is any.
 * AUDIT and dry-run policies are traced, never enforced; an attachment with an error refuses all.
 */
export function compilePolicySet(
  attachment: PolicyAttachment,
  policies: ReadonlyMap<string, PlannedPolicy>,
  options: Options,
): PolicySet {
  const own = attachment.policies.map((id) => {
    const policy = policies.get(id)
    if (policy === undefined) throw new TypeError(`the plan has no policy ${id}`)
    return policy
  })
  remembered ??= new WeakMap()
  const known = remembered.get(attachment)
  if (known?.point === options.point && isSameList(known.policies, own)) return known.set
  const set = compileAnew(attachment, own, options)
  remembered.set(attachment, { point: options.point, policies: own, set })
  return set
}

/** By the attachment, which is the same object for all that the same policies govern. */
let remembered: WeakMap<PolicyAttachment, Remembered> | undefined

interface Remembered {
  readonly point: Options['point']
  readonly policies: readonly PlannedPolicy[]
  readonly set: PolicySet
}

function compileAnew(
  attachment: PolicyAttachment,
  policies: readonly PlannedPolicy[],
  options: Options,
): PolicySet {
  const attached = policies.map((policy) => ({
    policy,
    rules: compileRules(policy, options.names),
  }))
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
