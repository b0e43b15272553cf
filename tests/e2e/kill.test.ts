import { migrations as ca } from '@twinlatch/ca'
import { migrations as control, type DocumentCompiler, openControl } from '@twinlatch/control'
import { migrations as destinations } from '@twinlatch/destinations'
import { silentLogger, systemClock } from '@twinlatch/kit'
import { loadMasterKey, openStore, type Store } from '@twinlatch/store'
import {
  createPostgresDatabase,
  findPostgres,
  type PostgresServer,
  startPostgres,
} from '@twinlatch/testing'
import { migrations as tokens } from '@twinlatch/tokens'
import { afterAll, describe, expect, test } from 'vitest'
import {
  clientsOf,
  destinationOf,
  homeBelow,
  type KillTally,
  killRound,
  prepare,
  type WriteKind,
  writeKinds,
} from './kill-rounds.ts'
import { remove, startServer, temporaryDirectory } from './stack.ts'

/** `TWINLATCH_KILL_ROUNDS=100` is the long run; without it a test takes a moment. */
const longRun = process.env['TWINLATCH_KILL_ROUNDS']
const roundsOf = (byDefault: number) => Number(longRun ?? byDefault)
const secondsPerRound = 30

/** Reading the audit log compiles nothing. */
const noCompiler: DocumentCompiler = {
  parse: () => ({ documents: [], problems: [], warnings: [] }),
  check: () => ({ problems: [], warnings: [] }),
}

/** Action that each kind of write leaves in the audit log, with one row for each thing written. */
const actionOf: Readonly<Record<WriteKind, string>> = {
  certificate: 'certificate.issued',
  keystore: 'certificate.created',
  destination: 'destination.created',
  binding: 'binding.created',
  documents: 'documents.applied',
  audit: 'binding.shown',
}

const emptyTally = (): KillTally => ({
  acknowledged: Object.fromEntries(writeKinds.map((kind) => [kind, new Set()])) as never,
  interrupted: Object.fromEntries(writeKinds.map((kind) => [kind, 0])) as never,
})

describe.each([
  { database: 'SQLite', rounds: roundsOf(20), skipped: false },
  { database: 'PostgreSQL', rounds: roundsOf(5), skipped: !findPostgres() },
])('kill -9 on $database', ({ database, rounds, skipped }) => {
  const directory = temporaryDirectory()
  let postgres: PostgresServer | undefined

  afterAll(async () => {
    await postgres?.stop()
    remove(directory)
  })

  test.skipIf(skipped)(
    `after ${rounds} rounds every acknowledged write is there, and none is half there`,
    {
      timeout: rounds * secondsPerRound * 1000,
    },
    async () => {
      const env: Record<string, string> = {}
      let url = `sqlite:${homeBelow(directory).home}/twinlatch.db`
      if (database === 'PostgreSQL') {
        postgres = await startPostgres()
        url = await createPostgresDatabase(postgres?.url ?? '')
        env['TWINLATCH_DATABASE_URL'] = url
      }
      const { home, masterKey } = homeBelow(directory)
      const tally = emptyTally()
      const first = await startServer(['--ephemeral', '--home', home], env)
      const firstClients = clientsOf(first)
      const keystore = await prepare(firstClients)
      await firstClients.close()
      await first.end()
      for (let round = 0; round < rounds; round += 1) {
        await killRound({ home, env, round, keystore }, tally)
      }
      const found = await readBack(home, env)
      const store = await openStore({
        url,
        masterKey: await loadMasterKey({ file: masterKey, create: false }),
        clock: systemClock,
        log: silentLogger,
      })
      try {
        const audited = await readAudit(store)
        const lost = (kind: WriteKind) =>
          [...tally.acknowledged[kind]].filter((name) => kind !== 'audit' && !found[kind].has(name))
        report(database, rounds, tally, found, audited)
        for (const kind of writeKinds) expect(lost(kind), kind).toEqual([])
        expect(audited.chain).toEqual({ ok: true, rows: audited.rows })
        for (const kind of writeKinds) {
          const rows = audited.counts.get(actionOf[kind]) ?? 0
          if (kind === 'audit') {
            expect(rows).toBeGreaterThanOrEqual(tally.acknowledged.audit.size)
            expect(rows).toBeLessThanOrEqual(
              tally.acknowledged.audit.size + tally.interrupted.audit,
            )
          } else expect([kind, rows]).toEqual([kind, found[kind].size + found.extra[kind]])
        }
      } finally {
        await store.stop()
      }
    },
  )
})

type Found = Readonly<Record<WriteKind, ReadonlySet<string>>> & {
  /** Things that were there before the rounds, or that a start makes. */
  readonly extra: Readonly<Record<WriteKind, number>>
}

/** What a server says is there, through its interfaces; whole things only. */
async function readBack(home: string, env: NodeJS.ProcessEnv): Promise<Found> {
  const server = await startServer(['--ephemeral', '--home', home], env)
  const clients = clientsOf(server)
  const stored = await clients.destinations.list('subaccount')
  for (const body of stored) expect(body).toEqual(destinationOf(body['Name'] ?? ''))
  const documents = await clients.control.documents({ kind: 'ConfigMap' })
  const parts = documents.map((document) => (document['metadata'] as { name: string }).name)
  const whole = Map.groupBy(parts, (name) => name.replace(/-\d$/, ''))
  for (const [name, group] of whole) expect(group, `${name} is half there`).toHaveLength(3)
  const certificates = await clients.ca.list()
  const keystores = await clients.destinations.listCertificates('subaccount')
  const bindings = await clients.control.bindings.list()
  await clients.close()
  await server.end()
  const ofRounds = (names: readonly string[]) => new Set(names.filter((name) => /^r\d/.test(name)))
  const names = certificates.map(({ name }) => name)
  return {
    certificate: ofRounds(names),
    keystore: ofRounds(keystores.map(({ Name }) => Name.replace(/\.p12$/, ''))),
    destination: ofRounds(stored.map((body) => body['Name'] ?? '')),
    binding: ofRounds(bindings.map(({ name }) => name)),
    documents: ofRounds([...whole.keys()]),
    audit: new Set(),
    extra: {
      certificate: names.filter((name) => !/^r\d/.test(name)).length,
      keystore: 0,
      destination: 0,
      binding: 1,
      documents: 0,
      audit: 0,
    },
  }
}

interface Audited {
  readonly chain: unknown
  readonly rows: number
  readonly counts: ReadonlyMap<string, number>
}

async function readAudit(store: Store): Promise<Audited> {
  await store.migrate([control, ca, tokens, destinations])
  const opened = await openControl({
    store,
    clock: systemClock,
    log: silentLogger,
    compiler: noCompiler,
  })
  const rows = await store.database.selectFrom('control_audit').select('action').execute()
  const chain = await opened.audit.check()
  await opened.stop()
  const counts = Map.groupBy(rows, ({ action }) => String(action))
  return {
    chain,
    rows: rows.length,
    counts: new Map([...counts].map(([action, group]) => [action, group.length])),
  }
}

/** The table of a long run. */
function report(
  database: string,
  rounds: number,
  tally: KillTally,
  found: Found,
  { rows }: Audited,
): void {
  if (longRun === undefined) return
  const lines = writeKinds.map((kind) => {
    const acknowledged = tally.acknowledged[kind]
    const lost =
      kind === 'audit' ? 0 : [...acknowledged].filter((name) => !found[kind].has(name)).length
    const cells = [database, rounds, kind, acknowledged.size, tally.interrupted[kind], lost]
    return `| ${cells.join(' | ')} |`
  })
  const head = '| database | kills | write | acknowledged | under way at a kill | lost |'
  process.stderr.write(
    `\n${head}\n|---|---|---|---|---|---|\n${lines.join('\n')}\naudit rows in one unbroken chain: ${rows}\n`,
  )
}
