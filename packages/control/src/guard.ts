import { createProblem, problemResponse } from '@twinlatch/kit'
import type { MiddlewareHandler } from 'hono'

/**
 * Keeps web pages out of the control listener, before anything else looks at a request. A `Host`
 * that is not one of `hosts` gets 421, which stops DNS rebinding; an `Origin` that is not the
 * listener itself gets 403. `port` is the one people write, which may be left out only if it is 443.
 */
export function guardControl({
  hosts,
  port,
}: {
  hosts: readonly string[]
  port: number
}): MiddlewareHandler {
  const authorities = new Set(hosts.map((host) => `${host.toLowerCase()}:${port}`))
  const isOurs = (authority: string) =>
    authorities.has(/:\d+$/.test(authority) ? authority : `${authority}:443`)
  return async (context, next) => {
    const authority = context.req.header('host')?.toLowerCase()
    if (authority === undefined || !isOurs(authority)) {
      return problemResponse(
        createProblem(421, 'This server does not answer for that host.', {
          code: 'control/foreign-host',
        }),
      )
    }
    const origin = context.req.header('origin')?.toLowerCase()
    const isForeign = origin !== undefined && !isOwnOrigin(origin, authority)
    if (isForeign) {
      return problemResponse(
        createProblem(403, 'Pages of other origins may not call this server.', {
          code: 'control/foreign-origin',
        }),
      )
    }
    return next()
  }
}

/** RFC 6454 section 6.2: browsers write neither a path nor the default port. */
function isOwnOrigin(origin: string, authority: string): boolean {
  return origin === `https://${authority.replace(/:443$/, '')}`
}
