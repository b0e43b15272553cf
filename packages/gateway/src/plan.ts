import type { PlanInput, PlanResult } from './plan/types.ts'

/** What the documents of all subaccounts mean (gateway.md). Pure. */
export function plan(input: PlanInput): PlanResult {
  return {
    plan: { settings: input.settings, ports: [], workloads: [], policies: [] },
    problems: [],
    warnings: [],
  }
}
