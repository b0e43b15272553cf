import { createServer, type ServerResponse } from 'node:http'
import type { Stoppable } from '@twinlatch/kit'
import { type Drain, followConnections } from './drain.ts'
import { listenOnLoopback } from './listen.ts'

/** One condition of readiness; `detail` never tells secrets or tenants. */
interface ReadinessCheck {
  readonly name: string
  check(): Promise<boolean>
}

/** What the health listener reports (console-and-cli.md section 8 "Health"). */
export interface HealthOptions {
  readonly port: number
  readonly checks: readonly ReadinessCheck[]
  /** False from the first signal on: load balancers leave before the listeners do. */
  isServing(): boolean
  renderMetrics(): Promise<string>
}

/** How long an answer that has begun may take to arrive when the listener stops. */
const drainMs = 2000
/** A check asks one small question; probes give up after a few seconds themselves. */
const checkTimeoutMs = 2000

/** `/livez`, `/readyz`, `/healthz` and `/metrics` over plain HTTP on loopback; GET and HEAD only. */
export async function openHealthListener(
  options: HealthOptions,
): Promise<Stoppable & { port: number }> {
  const drains: Drain[] = []
  const create = () => {
    const server = createServer(
      { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8192 },
      (req, res) => {
        const [path = '/', query] = (req.url ?? '/').split('?', 2)
        if (req.method !== 'GET' && req.method !== 'HEAD') {
          res.setHeader('allow', 'GET, HEAD')
          return answer(res, 405, 'method not allowed')
        }
        const verbose = new URLSearchParams(query).has('verbose')
        answerPath(path, verbose, options, res).catch(() => answer(res, 500, 'internal error'))
      },
    )
    drains.push(followConnections(server))
    return server
  }
  const { port } = await listenOnLoopback(create, options.port, 'health')
  return {
    port,
    stop: async () => {
      await Promise.all(drains.map((drain) => drain.stop(drainMs)))
    },
  }
}

async function answerPath(
  path: string,
  verbose: boolean,
  options: HealthOptions,
  res: ServerResponse,
): Promise<void> {
  switch (path) {
    case '/livez':
    case '/healthz':
      return answer(res, 200, 'ok')
    case '/readyz':
      return answerReadiness(verbose, options, res)
    case '/metrics':
      return answer(res, 200, await options.renderMetrics(), 'text/plain; version=0.0.4')
    default:
      return answer(res, 404, 'not found')
  }
}

async function answerReadiness(
  verbose: boolean,
  options: HealthOptions,
  res: ServerResponse,
): Promise<void> {
  const results = [{ name: 'serving', ok: options.isServing() }]
  for (const { name, check } of options.checks) {
    results.push({ name, ok: await inTime(check().catch(() => false)) })
  }
  const ready = results.every(({ ok }) => ok)
  const lines = results.map(({ name, ok }) => `[${ok ? '+' : '-'}] ${name}`)
  answer(res, ready ? 200 : 503, verbose ? lines.join('\n') : ready ? 'ok' : 'not ready')
}

/** What does not say that it is well within the patience of a probe is not. */
async function inTime(result: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, checkTimeoutMs, false)
  })
  try {
    return await Promise.race([result, late])
  } finally {
    clearTimeout(timer)
  }
}

function answer(res: ServerResponse, status: number, body: string, type = 'text/plain'): void {
  if (res.headersSent) return
  res.writeHead(status, {
    'content-type': `${type}; charset=utf-8`,
    'cache-control': 'no-store',
    connection: 'close',
  })
  res.end(`${body}\n`)
}
