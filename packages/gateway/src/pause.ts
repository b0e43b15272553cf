import type { AbortNotice } from '@twinlatch/wire'

/** Waits that long, or until `notice` is given: whoever calls looks at it afterwards. */
export function pause(ms: number, notice: AbortNotice): Promise<void> {
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
