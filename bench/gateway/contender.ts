import type { Child, Children } from '../machine/children.ts'
import type { Site } from './site.ts'

/** One side of the comparison. */
export interface Contender {
  readonly name: string
  /** Program and version, for the table. */
  readonly program: string
  /** What it computes once and not for every request; printed beside the figures. */
  readonly caches: string
  start(site: Site, port: number, children: Children): Child
}

/** A contender, or why it is not there. */
export type Choice = Contender | { readonly name: string; readonly missing: string }

/** Core pool, directory and log name that belong to a contender on a port. */
export function nameOnPort(name: string, port: number): string {
  return `${name.replaceAll(/[^a-z0-9]+/gi, '-')}-${port}`
}
