import { isNamed } from '../header-lines.ts'
import type { ParsedResponseHead } from '../http1/response.ts'
import type { WireLimits } from '../limits.ts'

/**
 * How long a connection may be kept after this answer: ours, or a second less than the upstream
 * announces (`Keep-Alive: timeout=5`, as Node sends).
 */
export function idleTimeoutMs(head: ParsedResponseHead, limits: WireLimits): number {
  const line = head.headers.find(([name]) => isNamed(name, 'keep-alive'))?.[1]
  const ours = limits.upstreamIdleTimeoutMs
  if (line === undefined) return ours
  const seconds = /(?:^|[,;\s])timeout=([0-9]{1,6})(?:$|[,;\s])/i.exec(line)?.[1]
  return seconds === undefined ? ours : Math.min(ours, Math.max(1, Number(seconds) * 1_000 - 1_000))
}
