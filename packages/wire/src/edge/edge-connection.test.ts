import { Socket } from 'node:net'
import { silentLogger } from '@twinlatch/kit'
import { expect, test } from 'vitest'
import type { AcceptedConnection, ListenerHandler } from '../exchange.ts'
import { HttpDate } from '../http1/answer-head.ts'
import { limitsWith } from '../limits.ts'
import { EdgeConnection } from './edge-connection.ts'

/** A socket whose peer takes nothing any more: our end of it never gets out. */
class StuckSocket extends Socket {
  override _read(): void {}
  override _final(): void {}
}

const handler: ListenerHandler<string> = {
  chooseDomain: () => null,
  accept: () => null,
  onHandshakeFault: () => {},
  onEdgeFault: () => {},
  handle: (exchange) => exchange.respond({ status: 200, headers: [] }),
}

test('a client that closes its half and takes nothing more does not keep the connection', async () => {
  const socket = new StuckSocket()
  new EdgeConnection(socket, { context: 'x' } as AcceptedConnection<string>, {
    handler,
    limits: limitsWith({ lingeringCloseMs: 10 }),
    log: silentLogger,
    date: new HttpDate(),
    draining: () => false,
  })
  socket.push(null)
  await expect.poll(() => socket.destroyed).toBe(true)
})
