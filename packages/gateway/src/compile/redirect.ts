import type { RequestView } from '../compiled.ts'
import type { RedirectRule } from '../istio/virtual-service-action.ts'

const defaultPorts = new Map([
  ['http', 80],
  ['https', 443],
])

/** `location` of a redirect (gateway.md section 6.2); `serverPort` is the manifest's number. */
export function compileRedirect(
  rule: RedirectRule,
  serverPort: number,
): (view: RequestView) => string {
  return (view) => {
    const scheme = rule.scheme ?? view.scheme
    return `${scheme}://${authorityOf(rule, view, { scheme, serverPort })}${pathOf(rule, view)}`
  }
}

function authorityOf(
  rule: RedirectRule,
  view: RequestView,
  context: { readonly scheme: string; readonly serverPort: number },
): string {
  const { scheme, serverPort } = context
  const own = rule.authority ?? view.authority
  const { host, port } = split(own)
  if (rule.derivePort === 'FROM_REQUEST_PORT') return `${host}:${serverPort}`
  if (rule.derivePort === 'FROM_PROTOCOL_DEFAULT') return host
  if (rule.port !== undefined) {
    return rule.port === defaultPorts.get(scheme) ? host : `${host}:${rule.port}`
  }
  // Only the port of the request's own Host is dropped; a configured authority stands as it is.
  const changed = rule.authority === undefined && scheme !== view.scheme
  return changed && (port === '80' || port === '443') ? host : own
}

function pathOf(rule: RedirectRule, view: RequestView): string {
  const query = view.query === null ? '' : `?${view.query}`
  if (rule.uri === undefined) return view.path + query
  return rule.uri.includes('?') ? rule.uri : rule.uri + query
}

function split(authority: string): { host: string; port: string | null } {
  const match = /^(.*):([0-9]*)$/.exec(authority)
  if (match === null || (authority.startsWith('[') && authority.endsWith(']'))) {
    return { host: authority, port: null }
  }
  return { host: match[1] ?? '', port: match[2] ?? '' }
}
