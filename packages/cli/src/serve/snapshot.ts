import { setTimeout as delay } from 'node:timers/promises'
import type { DocumentSet } from '@twinlatch/control'
import { type Logger, messageOf, type Secret, type Stoppable } from '@twinlatch/kit'
import { readSealedFile, StoreError, writeSealedFile } from '@twinlatch/store'
import { z } from 'zod'

/** What a gateway was last built from: enough to serve without the database. */
export interface Snapshot {
  /** When a gateway of this home took it over. */
  readonly takenAt: string
  readonly sets: readonly DocumentSet[]
}

/** Where the snapshot of a home lies, and the key it is sealed with. */
export interface SnapshotFile {
  readonly file: string
  readonly masterKey: Secret<Uint8Array>
}

/** Keeps what the gateway accepted on disk (architecture.md: "it is on disk, sealed"). */
export interface SnapshotKeeper extends Stoppable {
  /**
   * Returns at once. The first one is written at once too; of those that come soon after another the
   * last is written a moment later, or when this is stopped.
   */
  keep(snapshot: Snapshot): void
}

/**
 * A part of the file: others get a turn after each, which is some milliseconds; with the largest
 * document on top still far below what is sealed in one piece.
 */
const partCharactersMax = 256 * 1024
/**
 * Pause between two writes, at least and as a multiple of what the last one took: a hundred thousand
 * documents take seconds to write, and changes that come every second must not keep a core at it.
 */
const pauseMinMs = 1_000
const pauseShare = 9

const head = z.strictObject({ format: z.literal(1), takenAt: z.iso.datetime() })
// Sealed by us, as they came from the database.
const part = z.array(
  z.strictObject({
    subaccountId: z.custom<DocumentSet['subaccountId']>(),
    documents: z.array(z.custom<DocumentSet['documents'][number]>()),
  }),
)
const name = 'gateway snapshot'

/** Writes to `target`; a failure is logged, and what lies there stays. */
export function createSnapshotKeeper(target: SnapshotFile, log: Logger): SnapshotKeeper {
  let next: Snapshot | null = null
  let writing: Promise<void> | null = null
  const stopping = new AbortController()
  const write = async () => {
    for (let snapshot = next; snapshot; snapshot = next) {
      next = null
      const startedMs = performance.now()
      await writeSealedFile({ ...target, name }, partsOf(snapshot)).catch((error: unknown) =>
        log.error(
          { event: 'snapshot.not_written', reason: messageOf(error) },
          'a start without the database would serve an older configuration',
        ),
      )
      const pauseMs = Math.max(pauseMinMs, (performance.now() - startedMs) * pauseShare)
      await delay(pauseMs, undefined, { signal: stopping.signal, ref: false }).catch(
        () => undefined,
      )
    }
    writing = null
  }
  return {
    keep(snapshot) {
      next = snapshot
      writing ??= write()
    },
    async stop() {
      stopping.abort()
      await writing
    },
  }
}

/**
 * The snapshot that was kept last, or `null` if there is none; `store/seal-broken` if it is not
 * authentic, and if a version that wrote another form of it did.
 */
export async function readSnapshot(target: SnapshotFile): Promise<Snapshot | null> {
  const parts = await readSealedFile({ ...target, name })
  if (parts === null) return null
  const [first = '', ...rest] = parts
  const known = head.safeParse(parseJson(first))
  if (!known.success) {
    throw new StoreError('store/seal-broken', `${target.file} was written by another version.`)
  }
  const sets = new Map<DocumentSet['subaccountId'], DocumentSet['documents'][number][]>()
  for (const { subaccountId, documents } of rest.flatMap((text) => part.parse(parseJson(text)))) {
    const known = sets.get(subaccountId)
    if (known) known.push(...documents)
    else sets.set(subaccountId, documents)
  }
  return {
    takenAt: known.data.takenAt,
    // Sealed by us, as they came from the database.
    sets: [...sets].map(
      ([subaccountId, documents]) => ({ subaccountId, documents }) as DocumentSet,
    ),
  }
}

function* partsOf({ takenAt, sets }: Snapshot): Generator<string> {
  yield JSON.stringify({ format: 1, takenAt })
  let texts: string[] = []
  let length = 0
  for (const { subaccountId, documents } of sets) {
    for (const document of documents) {
      const text = JSON.stringify({ subaccountId, documents: [document] })
      if (length + text.length > partCharactersMax && texts.length > 0) {
        yield `[${texts.join()}]`
        texts = []
        length = 0
      }
      texts.push(text)
      length += text.length
    }
  }
  if (texts.length > 0) yield `[${texts.join()}]`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
