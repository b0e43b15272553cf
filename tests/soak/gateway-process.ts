import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bin = fileURLToPath(new URL('../../node_modules/.bin/twinlatch', import.meta.url))

/** A running product with its sample, and what the system and its engine know of it. */
export interface GatewayProcess {
  readonly port: number
  readonly ca: string
  readonly sample: string
  /** Open file descriptors, sockets included. */
  descriptors(): number
  /** Resident memory in bytes. */
  resident(): number
  /** Bytes of the JavaScript heap in use after a full collection. */
  heapAfterCollection(): Promise<number>
  stop(): Promise<void>
}

/** Starts it as a person does, with an inspector on a port of its own to ask for the heap. */
export async function startGateway(): Promise<GatewayProcess> {
  const child = spawn(bin, ['up', '-o', 'json', '--ephemeral', '--sample'], {
    env: { ...process.env, NODE_OPTIONS: '--inspect=127.0.0.1:0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const [ready, inspector] = await Promise.all([
    firstMatch(child.stdout, /^(\{"ready":true.*\})$/m),
    firstMatch(child.stderr, /(ws:\/\/127\.0\.0\.1:\S+)/),
  ])
  const { home, ca, urls } = JSON.parse(ready) as {
    home: string
    ca: string
    urls: { gateway: string }
  }
  const engine = await openInspector(inspector)
  const { pid } = child
  if (pid === undefined) throw new Error('the product did not start')
  return {
    port: Number(new URL(urls.gateway).port),
    ca: readFileSync(ca, 'utf8'),
    sample: join(home, 'sample'),
    descriptors: () => readdirSync(`/proc/${pid}/fd`).length,
    resident: () => {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      return Number(/^VmRSS:\s+([0-9]+) kB$/m.exec(status)?.[1]) * 1_024
    },
    heapAfterCollection: async () => {
      await engine.call('HeapProfiler.collectGarbage')
      const { usedSize } = await engine.call('Runtime.getHeapUsage')
      return Number(usedSize)
    },
    stop: () => {
      engine.close()
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** Resolves with the first group that matches; what follows is read and dropped. */
function firstMatch(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let found = false
    stream.setEncoding('utf8')
    stream.on('data', (chunk: string) => {
      if (found) return
      text += chunk
      const match = pattern.exec(text)?.[1]
      if (match === undefined) return
      found = true
      resolve(match)
    })
    stream.once('close', () => reject(new Error(`ended before it was ready: ${text}`)))
  })
}

interface Inspector {
  call(method: string): Promise<Readonly<Record<string, unknown>>>
  close(): void
}

/** The protocol of the inspector: numbered calls, answered in any order. */
async function openInspector(url: string): Promise<Inspector> {
  const socket = new WebSocket(url)
  const waiting = new Map<number, (result: Readonly<Record<string, unknown>>) => void>()
  let calls = 0
  socket.addEventListener('message', ({ data }) => {
    const { id, result } = JSON.parse(String(data)) as {
      id?: number
      result?: Readonly<Record<string, unknown>>
    }
    if (id === undefined) return
    waiting.get(id)?.(result ?? {})
    waiting.delete(id)
  })
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('no inspector')))
  })
  return {
    call: (method) =>
      new Promise((resolve) => {
        calls += 1
        waiting.set(calls, resolve)
        socket.send(JSON.stringify({ id: calls, method }))
      }),
    close: () => socket.close(),
  }
}
