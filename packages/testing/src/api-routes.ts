/** What a Hono app lists of itself, as far as it matters here. */
interface RoutedApp {
  readonly routes: readonly { readonly method: string; readonly path: string }[]
}

/**
 * The routes of `app` as OpenAPI spells them, `GET /things/{name}`, sorted and without doubles.
 * What is registered for every method is no operation: middleware, and refusals by name.
 */
export function routesOf(app: RoutedApp): string[] {
  const routes = app.routes
    .filter(({ method }) => method !== 'ALL')
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
  return [...new Set(routes)].sort()
}

/** The operations of a service in the same spelling. */
export function operationsOf(
  operations: readonly { readonly method: string; readonly path: string }[],
): string[] {
  return operations.map(({ method, path }) => `${method} ${path}`).sort()
}
