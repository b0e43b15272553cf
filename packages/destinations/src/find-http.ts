import { type Context, Hono } from 'hono'
import { conditionalStatus, conditionOf, type RouteEnvironment } from './answer-http.ts'
import { DestinationsError, notFound } from './errors.ts'
import { type Level, type LevelName, levelOf, searchedLevels } from './level.ts'
import { assertLookupHeaders, composeLookup, type LookupAnswer, ownerOf } from './lookup.ts'
import { isItemName } from './names.ts'
import type { DestinationService, Found } from './service.ts'

type FoundDestination = Extract<Found, { status: 200 }>

/** Find: `/v1/destinations/{name}` and `/v2/destinations/{name}[@{level}]` (section 3). */
export function findRoutes(service: DestinationService): Hono<RouteEnvironment> {
  const app = new Hono<RouteEnvironment>()
  app.get('/v1/destinations/:name', (c) => {
    const render = (found: FoundDestination, answer: LookupAnswer) => ({
      owner: ownerOf(found.level),
      ...answer,
    })
    return answerFind(c, service, {
      name: c.req.param('name'),
      levels: () => searchedLevels(c.var.caller),
      render,
    })
  })
  app.get('/v2/destinations/:reference', (c) => {
    const { name, level } = parseReference(c.req.param('reference'))
    return answerFind(c, service, {
      name,
      levels: () => [levelOf(c.var.caller, level)],
      render: (found, answer) => (wantsOwner(c) ? withOwnerMetadata(found, answer) : answer),
    })
  })
  return app
}

async function answerFind(
  c: Context<RouteEnvironment>,
  service: DestinationService,
  lookup: {
    name: string
    levels: () => readonly Level[]
    render: (found: FoundDestination, answer: LookupAnswer) => object
  },
): Promise<Response> {
  const count = (result: string) => service.metrics.destinationLookups.inc({ result })
  try {
    assertLookupHeaders(c.req.raw.headers)
    if (!isItemName(lookup.name)) throw notFound()
    const options = {
      skipTokenRetrieval: c.req.query('$skipTokenRetrieval') === 'true',
      skipCredentials: c.req.query('$skipCredentials') === 'true',
    }
    const found = await service.find({
      levels: lookup.levels(),
      name: lookup.name,
      actor: c.var.caller.name,
      condition: conditionOf(c),
      variant: JSON.stringify([options, wantsOwner(c)]),
    })
    count(found.status === 200 ? 'found' : 'not-modified')
    if (found.status !== 200) return conditionalStatus(found.status, found.etag)
    const certificates = found.certificates.map(({ item }) => item)
    return c.json(
      lookup.render(found, composeLookup(found.destination, certificates, options)),
      200,
      { ETag: `"${found.etag}"`, ...missingHeader(found.missing) },
    )
  } catch (error) {
    count(resultOf(error))
    throw error
  }
}

// The answer stays SAP's; this tells a person why the handshake that follows will fail.
function missingHeader(missing: readonly string[]): Record<string, string> {
  return missing.length === 0 ? {} : { 'X-Twinlatch-Missing-Certificates': missing.join(', ') }
}

function resultOf(error: unknown): string {
  if (!(error instanceof DestinationsError)) return 'failed'
  return error.code === 'destinations/not-found' ? 'not-found' : 'refused'
}

/** `name@level`; the level defaults to `instance`, without a fallback (section 2). */
function parseReference(reference: string): { name: string; level: LevelName } {
  const at = reference.lastIndexOf('@')
  const name = at < 0 ? reference : reference.slice(0, at)
  const level = at < 0 ? 'instance' : reference.slice(at + 1)
  if (level === 'subaccount' || level === 'instance') return { name, level }
  if (level === 'provider_subaccount' || level === 'provider_instance') {
    throw new DestinationsError('destinations/unsupported', `level ${level} is not built yet`)
  }
  throw new DestinationsError(
    'destinations/malformed-request',
    'the level after @ must be subaccount or instance',
  )
}

/** OAS spells the parameter with `$`, the guide page without; both are accepted. */
function wantsOwner(c: Context): boolean {
  return [c.req.query('$includeMetadata'), c.req.query('includeMetadata')].includes('owner')
}

function withOwnerMetadata(found: FoundDestination, answer: LookupAnswer): object {
  const owner = ownerOf(found.level)
  const entry = (name: string) => ({ Name: name, ...owner })
  return {
    ...answer,
    destinationConfiguration: {
      ...answer.destinationConfiguration,
      $metadata: {
        owner: {
          destinations: [entry(found.destination.name)],
          certificates: found.certificates.map(({ name }) => entry(name)),
          fragments: [],
        },
      },
    },
  }
}
