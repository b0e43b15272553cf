import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino'

/**
 * Structured events: `log.info({ event: 'certificate.issued', serial }, 'certificate issued')`.
 * Event names are public API. A log line never holds a secret: secrets travel as `Secret`, which
 * prints `[secret]`, and the names below are redacted should a plain value ever get there.
 */
export type Logger = Pick<
  PinoLogger,
  'trace' | 'debug' | 'info' | 'warn' | 'error' | 'isLevelEnabled'
> & {
  /**
   * A logger that adds `bindings` to every line. With `redact: []` it looks for no names below: for
   * lines of fixed fields on the path of requests, where the search costs ten times the line.
   */
  child(bindings: Record<string, unknown>, options?: { readonly redact: [] }): Logger
}

const redactedNames = [
  'authorization',
  'cookie',
  'password',
  'keyStorePassword',
  'clientsecret',
  'clientSecret',
  'client_secret',
  'access_token',
  'privateKey',
  'key',
]

/** One JSON object per line on `destination` (stderr unless given), time as RFC 3339 in UTC. */
export function createLogger(options: { level: string; destination?: DestinationStream }): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: redactedNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '[secret]',
      },
    },
    options.destination ?? standardError(),
  ) as unknown as Logger
}

/** A logger that writes nothing, for tests and offline commands. */
export const silentLogger: Logger = pino({ level: 'silent' }) as unknown as Logger

/** A log whose reader is gone is lost; it must not fail the request that it tells of. */
function standardError(): DestinationStream {
  const stream = pino.destination({ dest: 2, sync: true })
  stream.on('error', () => {})
  return stream
}
