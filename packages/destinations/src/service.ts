import type { Clock, Logger, Metrics } from '@twinlatch/kit'
import type { AuditSink, Store } from '@twinlatch/store'
import { type CertificateEntry, decodeCertificate, encodeCertificate } from './certificate-entry.ts'
import { type Collection, createCollection, type ItemKind, type Stored } from './collection.ts'
import { type Destination, decodeDestination, encodeDestination } from './destination.ts'
import { notFound } from './errors.ts'
import { type Condition, combineEtags, evaluateCondition } from './etag.ts'
import { type Level, levelNameOf } from './level.ts'
import { destinationLimits } from './limits.ts'
import { certificateNamesOf } from './lookup.ts'

/** A destination with what belongs to it, or the conditional status to answer instead. */
export type Found =
  | { readonly status: 304 | 412; readonly etag: string }
  | {
      readonly status: 200
      readonly etag: string
      readonly level: Level
      readonly destination: Destination
      readonly certificates: readonly Stored<CertificateEntry>[]
      /** Certificates the destination names and its level does not have. */
      readonly missing: readonly string[]
    }

/** A call of Find: the first of `levels` that has the name wins. */
interface FindRequest {
  readonly levels: readonly Level[]
  readonly name: string
  readonly actor: string
  readonly condition: Condition
  /** What else changes the answer, so that it changes the ETag too. */
  readonly variant: string
}

/** The vault: destinations, certificates, and Find over both. */
export interface DestinationService {
  readonly destinations: Collection<Destination>
  readonly certificates: Collection<CertificateEntry>
  readonly clock: Clock
  readonly metrics: Metrics
  /** Every certificate handed out leaves an audit row, or nothing is handed out. */
  find(request: FindRequest): Promise<Found>
}

/** What the Destination service is made of. */
export interface DestinationServiceDeps {
  readonly store: Store
  readonly audit: AuditSink
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
}

const destinationKind: ItemKind<Destination> = {
  noun: 'destination',
  table: 'destinations_destinations',
  idPrefix: 'dst',
  encode: encodeDestination,
  decode: decodeDestination,
  auditedRead: false,
  perLevelMax: destinationLimits.destinationsPerLevelMax,
  bytesPerLevelMax: destinationLimits.destinationBytesPerLevelMax,
}

const certificateKind: ItemKind<CertificateEntry> = {
  noun: 'certificate',
  table: 'destinations_certificates',
  idPrefix: 'ks',
  encode: encodeCertificate,
  decode: decodeCertificate,
  auditedRead: true,
  perLevelMax: destinationLimits.certificatesPerLevelMax,
  bytesPerLevelMax: destinationLimits.certificateBytesPerLevelMax,
}

/** Opens the Destination service on a migrated store. */
export async function openDestinationService(
  deps: DestinationServiceDeps,
): Promise<DestinationService> {
  const destinations = createCollection(destinationKind, deps)
  const certificates = createCollection(certificateKind, deps)
  return {
    destinations,
    certificates,
    clock: deps.clock,
    metrics: deps.metrics,
    find: (request) => find({ destinations, certificates, log: deps.log }, request),
  }
}

async function find(
  deps: {
    destinations: Collection<Destination>
    certificates: Collection<CertificateEntry>
    log: Logger
  },
  { levels, name, actor, condition, variant }: FindRequest,
): Promise<Found> {
  for (const level of levels) {
    const [stored] = await deps.destinations.read(level, actor, [name])
    if (!stored) continue
    const names = certificateNamesOf(stored.item)
    const heads = await Promise.all(names.map((each) => deps.certificates.head(level, each)))
    const etag = combineEtags([stored.etag, ...heads.map((head) => head?.etag ?? ''), variant])
    const status = evaluateCondition(condition, etag)
    if (status) return { status, etag }
    const read =
      names.length === 0
        ? []
        : await deps.certificates.read(level, actor, names, `destination ${name}`)
    // Keystore first, as SAP answers: some clients take the first one.
    const certificates = names.flatMap((each) => read.filter((found) => found.name === each))
    const missing = names.filter((each) => !read.some((found) => found.name === each))
    if (missing.length > 0) {
      deps.log.warn(
        {
          event: 'destination.certificate-missing',
          destination: name,
          level: levelNameOf(level),
          missing,
        },
        'a destination names certificates that its level does not have',
      )
    }
    return { status: 200, etag, level, destination: stored.item, certificates, missing }
  }
  throw notFound()
}
