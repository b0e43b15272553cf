import type { Explanation } from '@twinlatch/trust'

/**
 * Bytes of a peer's choice that a record may hold until somebody reads it. Tens of thousands of
 * records are kept and hardly any is read, while a peer may send 60 KiB of headers and as much of
 * certificates: unread ones would take gigabytes. Ordinary requests with their chain stay below.
 */
export const recordBytesMax = 12_288

/** A renderer that renders on its first call and then lets go of what it needed for it. */
export function renderOnce(render: () => Explanation): () => Explanation {
  let source: (() => Explanation) | null = render
  let rendered: Explanation | undefined
  return () => {
    if (source) {
      rendered = source()
      source = null
    }
    if (!rendered) throw new TypeError('a record could not be rendered')
    return rendered
  }
}
