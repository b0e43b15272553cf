/** A message that is ready to be sent. */
export interface ReadyWrite {
  /** Hands its bytes to the socket, unless they are not wanted any more. Never throws. */
  writeNow(): void
}

let waiting: ReadyWrite[] = []

/**
 * Writes when the current turn of the event loop has read what there is to read, together with all
 * other messages that got ready in it. A fifth more requests a second than writing each
 * one at once: reading, deciding and sending find their own code and data in the caches, and a peer
 * is woken once for many messages (docs/decisions/0015-writes-at-the-end-of-a-turn.md).
 */
export function writeAtTurnEnd(write: ReadyWrite): void {
  if (waiting.push(write) === 1) setImmediate(writeAll)
}

function writeAll(): void {
  const writes = waiting
  waiting = []
  for (const write of writes) write.writeNow()
}
