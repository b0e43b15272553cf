import { Readable } from 'node:stream'

/** Body of a message that is being received, for what did not come together with its head. */
export class ReceivedBody extends Readable {
  constructor(options: {
    /** The reader wants more: go on reading from the socket. */
    read: () => void
    /** The reader gave up. */
    destroy?: (error: Error | null, done: (error: Error | null) => void) => void
  }) {
    super({ ...options, highWaterMark: receivedBytesAhead })
  }
}

/** Two reads: one is being written while the next one comes. */
const receivedBytesAhead = 131_072
