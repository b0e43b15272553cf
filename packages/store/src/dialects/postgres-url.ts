import { StoreError } from '../errors.ts'

/** Where a PostgreSQL is, for messages: without the user, the password and the settings. */
export function describePostgres(url: string): string {
  const { hostname, port, pathname, searchParams } = parsePostgresUrl(url)
  const host = searchParams.get('host') ?? hostname
  return `${host}${port === '' ? '' : `:${port}`}${pathname}`
}

/**
 * The parts of a `postgres://` URL, or `store/unsupported-url`. The message repeats nothing of it,
 * and neither does a cause: the runtime's own error for a bad URL quotes the whole text.
 */
export function parsePostgresUrl(url: string): URL {
  const parsed = /^postgres(?:ql)?:\/\//i.test(url) && URL.canParse(url) ? new URL(url) : null
  if (parsed && parsed.pathname.length > 1) return parsed
  throw new StoreError(
    'store/unsupported-url',
    'Give the database as postgres://user:password@host:port/name, special characters percent-encoded.',
  )
}
