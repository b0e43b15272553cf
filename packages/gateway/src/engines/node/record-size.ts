import type { Explanation } from '@twinlatch/trust'
import type { RequestHead } from '@twinlatch/wire'

/**
 * Bytes of a peer's choice that a record may hold until it is read. Tens of thousands of records
 * are kept, hardly any is read, and a peer may send 60 KiB of headers and as much of certificates:
 * unread ones would take gigabytes. Ordinary requests with their chain stay below it.
 */
export const recordBytesMax = 12_288

/**
 * How a record is rendered that holds `bytes` of a peer's choice: when it is read, so that it costs
 * nothing if it never is; a large one at once, so that nothing of it is held.
 */
export function rendererOf(bytes: number, render: () => Explanation): () => Explanation {
  if (bytes <= recordBytesMax) return render
  const rendered = render()
  return () => rendered
}

/** What a request head holds: target and header lines. */
export function headBytes({ target, headers }: RequestHead): number {
  return headers.reduce((sum, [name, value]) => sum + name.length + value.length, target.length)
}

/** What a certificate chain holds. */
export function chainBytes(chain: readonly Uint8Array[]): number {
  return chain.reduce((sum, der) => sum + der.length, 0)
}
