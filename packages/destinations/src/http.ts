import { Gate, type Logger } from '@twinlatch/kit'
import { type Authenticate, callerOrResponse } from '@twinlatch/trust'
import { type Context, Hono } from 'hono'
import { answerError, errorAnswer, type RouteEnvironment } from './answer-http.ts'
import { parseCertificateEntry, renderCertificate } from './certificate-entry.ts'
import { type CollectionDoor, collectionRoutes, readItem } from './collection-http.ts'
import { parseDestination } from './destination.ts'
import { DestinationsError } from './errors.ts'
import { findRoutes } from './find-http.ts'
import type { LevelName } from './level.ts'
import { destinationLimits } from './limits.ts'
import { ListReaders } from './list-stream.ts'
import { renderProperties } from './lookup.ts'
import { readPublicKeys } from './public-keys.ts'
import type { DestinationService } from './service.ts'

/** What the routes need. */
export interface DestinationsAppDeps {
  readonly service: DestinationService
  readonly authenticate: Authenticate
  readonly log: Logger
}

const levels: readonly LevelName[] = ['subaccount', 'instance']

/** Parts of SAP's API that are not built, by the paths at which clients ask for them. */
const notBuilt: readonly { readonly path: string; readonly what: string }[] = [
  ...levels.flatMap((level) => [
    { path: `/v1/${level}DestinationFragments`, what: 'destination fragments' },
    { path: `/v1/${level}DestinationFragments/*`, what: 'destination fragments' },
    { path: `/v1/${level}Destinations/:name/labels`, what: 'labels' },
    { path: `/v1/${level}Certificates/:name/labels`, what: 'labels' },
  ]),
  { path: '/v1/saml2Metadata', what: 'SAML metadata' },
  { path: '/v1/saml2Metadata/*', what: 'SAML metadata' },
  { path: '/maintenance/v1/caches/ias', what: 'the cache of the identity service' },
]

/** The Destination service's routes, below `/destination-configuration`. */
export function createDestinationsApp({ service, authenticate, log }: DestinationsAppDeps): Hono {
  const app = new Hono<RouteEnvironment>()
  const gate = new Gate(destinationLimits.keystoresReadAtOnce)
  app.use(async (c, next) => {
    const caller = await callerOrResponse(authenticate, c.req.raw, 'sap')
    if (caller instanceof Response) return caller
    if (c.req.url.length - new URL(c.req.url).origin.length > destinationLimits.uriCharactersMax) {
      return errorAnswer(414, `a URI has at most ${destinationLimits.uriCharactersMax} characters`)
    }
    c.set('caller', caller)
    await next()
    // Nearly every answer holds secrets.
    c.header('Cache-Control', 'no-store')
  })
  for (const { path, what } of notBuilt) {
    app.all(path, () => {
      throw new DestinationsError('destinations/not-built', `${what}: not built yet`)
    })
  }
  app.route('/', findRoutes(service))
  const shared: SharedByDoors = { log, readers: new ListReaders() }
  for (const level of levels) {
    const destinations = destinationDoor(service, level, shared)
    const certificates = certificateDoor(service, level, shared)
    app.route(`/v1/${destinations.path}`, collectionRoutes(destinations))
    app.get(`/v1/${certificates.path}/:name/publicKeys`, async (c) => {
      const answer = await gate.pass(async () => {
        const stored = await readItem(c, certificates, c.req.param('name'))
        if (stored instanceof Response) return stored
        return c.json(await readPublicKeys(stored.item), 200, { ETag: `"${stored.etag}"` })
      })
      return answer ?? errorAnswer(429, 'too many keystores are being read', { 'Retry-After': '5' })
    })
    app.route(`/v1/${certificates.path}`, collectionRoutes(certificates))
    for (const { path } of [destinations, certificates]) {
      app.all(`/v1/${path}`, (c) => methodNotAllowed(c, 'GET, POST, PUT, DELETE'))
      app.all(`/v1/${path}/:name`, (c) => methodNotAllowed(c, 'GET, DELETE'))
    }
  }
  app.all('*', () => errorAnswer(404, 'there is no such resource in the destination service'))
  app.onError((error) => answerError(error, log))
  const root = new Hono()
  root.route('/destination-configuration', app)
  return root
}

// A common mistake: entities are changed by PUT on the collection (section 2, traps).
function methodNotAllowed(c: Context, allow: string): Response {
  return errorAnswer(
    405,
    `${c.req.method} is not supported here; changes are PUT on the collection, the name in the body`,
    { Allow: allow },
  )
}

type SharedByDoors = Pick<CollectionDoor<{ name: string }>, 'log' | 'readers'>

function destinationDoor(service: DestinationService, level: LevelName, shared: SharedByDoors) {
  return {
    collection: service.destinations,
    items: 'destinations',
    path: `${level}Destinations`,
    level,
    bodyBytesMax: destinationLimits.destinationBodyBytesMax,
    now: () => service.clock.now(),
    ...shared,
    parse: parseDestination,
    render: ({ properties }) => renderProperties(properties),
  } satisfies CollectionDoor<ReturnType<typeof parseDestination>>
}

function certificateDoor(service: DestinationService, level: LevelName, shared: SharedByDoors) {
  return {
    collection: service.certificates,
    items: 'certificates',
    path: `${level}Certificates`,
    level,
    bodyBytesMax: destinationLimits.certificateBodyBytesMax,
    now: () => service.clock.now(),
    ...shared,
    parse: parseCertificateEntry,
    render: renderCertificate,
  } satisfies CollectionDoor<Awaited<ReturnType<typeof parseCertificateEntry>>>
}
