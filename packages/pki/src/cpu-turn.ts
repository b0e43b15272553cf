/**
 * Resolves when the caller may compute for a few milliseconds. Turns are handed out one per round of
 * the event loop, whoever asks, so that ten key derivations at once delay everybody else by one
 * slice, not by ten (pki.md section 12: never more than 50 ms).
 */
export function cpuTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve)
    if (waiting.length === 1) setImmediate(grantTurn)
  })
}

const waiting: (() => void)[] = []

function grantTurn(): void {
  waiting[0]?.()
  // The slice itself runs as a microtask right after this callback; the next one gets a round of its own.
  waiting.shift()
  if (waiting.length > 0) setImmediate(grantTurn)
}
