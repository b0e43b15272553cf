import type { UpstreamRequest } from '@twinlatch/wire'

/** Where a request hears that nobody waits for its answer any more. */
export type Notice = UpstreamRequest['signal']

/** Waits that long, or until `notice` is given: whoever calls looks at it afterwards. */
export function pause(ms: number, notice: Notice): Promise<void> {
  return new Promise((resolve) => {
    if (notice.aborted) return resolve()
    const end = () => {
      clearTimeout(timer)
      notice.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    notice.addEventListener('abort', end)
  })
}
