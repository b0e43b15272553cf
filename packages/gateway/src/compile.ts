import type { CompiledGateway } from './compiled.ts'
import type { Plan } from './plan/types.ts'

/** The plan with every look-up made ready. Pure. */
export function compile(_plan: Plan, generation = 0): CompiledGateway {
  return { generation, ports: new Map() }
}
