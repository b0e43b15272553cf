import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ReceivedBody } from './received-body.ts'

/** Sends single bytes, each in a turn of its own, until the body wants no more. */
async function fill(body: ReceivedBody, most: number): Promise<number> {
  for (let sent = 1; sent <= most; sent += 1) {
    if (!body.push(Buffer.from('x'))) return sent
    await turn()
  }
  return most
}

describe('a body that nobody reads yet', () => {
  test('holds few pieces, however small they are, and asks for more once some were read', async () => {
    let asked = 0
    const body = new ReceivedBody({
      read: () => {
        asked += 1
      },
    })
    const sent = await fill(body, 10_000)
    expect(sent).toBeLessThan(2_000)
    await turn()
    asked = 0
    await turn()
    expect(asked).toBe(0)
    body.read()
    expect(asked).toBeGreaterThan(0)
  })

  test('is read to its end with many pauses', async () => {
    const count = 5_000
    let left = count
    let running = false
    const body = new ReceivedBody({
      read: () => {
        if (running) return
        running = true
        setImmediate(() => {
          running = false
          let more = true
          while (more && left > 0) {
            left -= 1
            more = body.push(Buffer.from('x'))
          }
          if (left === 0) {
            left = -1
            body.push(null)
          }
        })
      },
    })
    let received = 0
    body.on('data', (piece: Buffer) => {
      received += piece.length
      if (received % 7 !== 0) return
      body.pause()
      setImmediate(() => body.resume())
    })
    await new Promise((resolve) => body.on('end', resolve))
    expect(received).toBe(count)
  })

  test('may be iterated', async () => {
    const body = new ReceivedBody({ read: () => {} })
    await fill(body, 10_000)
    body.push(null)
    let received = 0
    for await (const piece of body as AsyncIterable<Buffer>) received += piece.length
    expect(received).toBeGreaterThan(1_000)
  })
})
