import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { messageOf, type Stoppable } from '@twinlatch/kit'
import { Client } from 'pg'
import { freePort } from './ports.ts'
import { findPostgres, type PostgresBinaries } from './postgres-binaries.ts'
import { createTemporaryDirectory } from './temporary-directory.ts'

/** A PostgreSQL server of one's own, on a free port of 127.0.0.1, that asks for a password. */
export interface PostgresServer extends Stoppable {
  /** Of its maintenance database; it holds the password. */
  readonly url: string
  readonly password: string
  /** Takes it down as an operator does: connections are cut, nothing is lost. */
  halt(): Promise<void>
  /** Up again after `halt`, on the same port with the same data. */
  resume(): Promise<void>
  /** Stops every process of it where it stands: the kernel goes on accepting and acknowledging. */
  freeze(): void
  thaw(): void
}

/** How long a server on a busy machine may take to come up. */
const startTimeoutMs = 60_000
const pollMs = 25

/**
 * Starts a new, empty server whose data is as durable as a test needs: not across a power failure.
 * Nothing when PostgreSQL is not installed (see `findPostgres`).
 */
export async function startPostgres(): Promise<PostgresServer | undefined> {
  const binaries = findPostgres()
  if (!binaries) return undefined
  const directory = await createTemporaryDirectory()
  try {
    const owner = serverUser()
    if (owner) chownSync(directory.path, owner.uid, owner.gid)
    const password = `pw-${randomBytes(12).toString('hex')}`
    const data = await initialize(binaries, directory.path, password, owner)
    const port = await freePort()
    const url = `postgres://twinlatch:${password}@127.0.0.1:${port}/postgres`
    const start = () => launch(binaries, data, port, url, owner)
    let running: ChildProcess | undefined = await start()
    const halt = async () => {
      const stopping = running
      running = undefined
      if (stopping?.exitCode === null) await ended(stopping, 'SIGINT')
    }
    return {
      url,
      password,
      halt,
      resume: async () => {
        running ??= await start()
      },
      freeze: () => signalAll(running, 'SIGSTOP'),
      thaw: () => signalAll(running, 'SIGCONT'),
      stop: async () => {
        // A stopped process heeds no signal but this one.
        signalAll(running, 'SIGCONT')
        await halt()
        await directory.remove()
      },
    }
  } catch (error) {
    await directory.remove()
    throw error
  }
}

/**
 * A new, empty database on the server of `url`, as the URL that opens it. It is a schema in a
 * database of this process: making one takes a millisecond, a whole database a tenth of a second.
 */
export async function createPostgresDatabase(url: string): Promise<string> {
  const created = new URL(url)
  const schema = `test_${randomBytes(8).toString('hex')}`
  ownDatabase ??= makeOwnDatabase(url)
  created.pathname = `/${await ownDatabase}`
  await command(created.href, `create schema ${schema}`)
  created.searchParams.set('options', `-c search_path=${schema}`)
  return created.href
}

let ownDatabase: Promise<string> | undefined

async function makeOwnDatabase(url: string): Promise<string> {
  const name = `process_${randomBytes(8).toString('hex')}`
  await command(url, `create database ${name}`)
  return name
}

/** Removes a database that `createPostgresDatabase` made. */
export async function dropPostgresDatabase(created: string): Promise<void> {
  await withClient(created, async (client) => {
    const { rows } = await client.query<{ name: string }>('select current_schema() as name')
    for (const { name } of rows) await client.query(`drop schema ${name} cascade`)
  })
}

/** Every row of every table of the database at `url`, as text. */
export async function readPostgresRows(url: string): Promise<Buffer> {
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ tablename: string }>(
      'select tablename from pg_tables where schemaname = current_schema() order by 1',
    )
    const contents: unknown[] = []
    for (const { tablename } of rows) {
      contents.push((await client.query(`select * from ${tablename}`)).rows)
    }
    return Buffer.from(JSON.stringify(contents), 'utf8')
  })
}

async function command(url: string, text: string): Promise<void> {
  await withClient(url, (client) => client.query(text))
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

interface User {
  readonly uid: number
  readonly gid: number
}

/** The server refuses to run as root; any other user of the machine may run it. */
function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = new Map(
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }] as const),
  )
  const user = users.get('postgres') ?? users.get('nobody')
  if (!user) throw new Error('PostgreSQL does not run as root, and there is no user nobody')
  return user
}

async function initialize(
  { directory, major }: PostgresBinaries,
  home: string,
  password: string,
  owner: User | undefined,
): Promise<string> {
  const data = join(home, 'data')
  const passwordFile = join(home, 'password')
  writeFileSync(passwordFile, password, { mode: 0o600 })
  if (owner) chownSync(passwordFile, owner.uid, owner.gid)
  // A linguistic order by default, so that a test notices who relies on the order of bytes.
  const order = major >= 15 ? ['--locale-provider=icu', '--icu-locale=en'] : []
  const args = [
    ...['-D', data, '-U', 'twinlatch', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`],
    ...['-E', 'UTF8', '--no-locale', '--no-sync', ...order],
  ]
  await promisify(execFile)(join(directory, 'initdb'), args, { cwd: home, ...owner })
  return data
}

async function launch(
  { directory }: PostgresBinaries,
  data: string,
  port: number,
  url: string,
  owner: User | undefined,
): Promise<ChildProcess> {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=300',
    'shared_buffers=32MB',
    'fsync=off',
    'full_page_writes=off',
  ]
  const child = spawn(
    join(directory, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { cwd: data, stdio: ['ignore', 'ignore', 'pipe'], ...owner },
  )
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-10_000)
  })
  // A test run that is killed takes its server along.
  const endWithUs = () => child.kill('SIGQUIT')
  process.once('exit', endWithUs)
  child.once('exit', () => process.off('exit', endWithUs))
  for (let waitedMs = 0; waitedMs < startTimeoutMs; waitedMs += pollMs) {
    if (child.exitCode !== null) break
    try {
      await command(url, 'select 1')
      return child
    } catch (error) {
      log = `${messageOf(error)}\n${log}`.slice(0, 10_000)
    }
    await delay(pollMs)
  }
  child.kill('SIGQUIT')
  throw new Error(`PostgreSQL did not start: ${log}`)
}

/** The server first, so that it makes no further process meanwhile. */
function signalAll(server: ChildProcess | undefined, signal: NodeJS.Signals): void {
  if (server?.pid === undefined || server.exitCode !== null) return
  process.kill(server.pid, signal)
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
  for (const pid of children.split(' ').filter((text) => text !== '')) {
    process.kill(Number(pid), signal)
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}
