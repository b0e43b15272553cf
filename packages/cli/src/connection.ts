import { readFileSync } from 'node:fs'
import {
  type CaClient,
  type ClientError,
  type ControlClient,
  createCaClient,
  createConnection,
  createControlClient,
  createDestinationClient,
  createTokenClient,
  type DestinationClient,
  type TokenClient,
} from '@twinlatch/client'
import { loopbackLookup } from '@twinlatch/wire'
import { Agent, fetch } from 'undici'
import { CliError, exitCodes } from './cli-error.ts'
import { findHome, readRunState } from './home.ts'

/** Which server a command talks to, and for which tenant. */
export interface ServerOptions {
  readonly home?: string
  readonly server?: string
  readonly subaccount?: string
}

/** The APIs of one server, called as its administrator. */
export interface ServerConnection {
  readonly url: string
  readonly ca: CaClient
  readonly control: ControlClient
  readonly destinations: DestinationClient
  readonly tokens: TokenClient
  close(): Promise<void>
}

/** Everything a call needs: where, whom to trust, and as whom. */
export interface ServerAccess {
  readonly url: string
  readonly ca: string
  readonly token: string
  readonly subaccount?: string
}

/**
 * The server of `--server`, `TWINLATCH_SERVER` or the home's run file. Its authorities and the admin
 * token come from the home, or from `TWINLATCH_CA_FILE` and `TWINLATCH_TOKEN_FILE`.
 */
export function findServer(options: ServerOptions): ServerAccess {
  const home = findHome(options.home)
  const running = readRunState(home)
  const url = options.server ?? process.env['TWINLATCH_SERVER'] ?? running?.urls.control
  if (!url) {
    throw new CliError('No server is running here.', {
      exitCode: exitCodes.unreachable,
      why: `${home.runFile} does not name a running one.`,
      cure: 'Start it with: twinlatch up   (or name another with --server URL or --home DIR)',
    })
  }
  if (URL.parse(url)?.protocol !== 'https:') {
    throw new CliError(`The server ${url} is no https URL.`, {
      exitCode: exitCodes.usage,
      why: 'The admin token travels with every call.',
    })
  }
  const subaccount = options.subaccount ?? process.env['TWINLATCH_SUBACCOUNT']
  const tokenFile = process.env['TWINLATCH_TOKEN_FILE'] ?? running?.adminToken ?? home.adminToken
  return {
    url,
    ca: readNeeded(process.env['TWINLATCH_CA_FILE'] ?? running?.ca ?? home.authorities),
    token: readNeeded(tokenFile).trim(),
    ...(subaccount ? { subaccount } : {}),
  }
}

/** Clients of the server at `access`. Nothing is opened before the first call. */
export function connectTo(access: ServerAccess): ServerConnection {
  const agent = new Agent({ connect: { ca: access.ca, lookup: loopbackLookup } })
  const connection = createConnection({
    baseUrl: access.url,
    token: access.token,
    ...(access.subaccount ? { subaccount: access.subaccount } : {}),
    fetch: (url, init) => fetchThrough(agent, url, init),
  })
  return {
    url: access.url,
    ca: createCaClient(connection),
    control: createControlClient(connection),
    destinations: createDestinationClient(connection),
    tokens: createTokenClient(connection),
    close: () => agent.close(),
  }
}

/** undici's `fetch`, because the runtime's own takes no dispatcher; its types differ by name only. */
async function fetchThrough(agent: Agent, url: string, init: RequestInit): Promise<Response> {
  const options = { ...init, dispatcher: agent } as unknown as Parameters<typeof fetch>[1]
  return (await fetch(url, options)) as unknown as Response
}

function readNeeded(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read.`, {
      exitCode: exitCodes.unreachable,
      why: error instanceof Error ? error.message : String(error),
      cure: 'Name the home of the server with --home DIR, or its files with TWINLATCH_CA_FILE and TWINLATCH_TOKEN_FILE.',
      cause: error,
    })
  }
}

/** A refused or failed call as a command reports it, with every fault of the input. */
export function explainClientError(error: ClientError): CliError {
  const faults = error.problem?.errors ?? []
  const lines = faults.map(({ file, document, path, message }) => {
    const place = [file, document === undefined ? null : `document ${document + 1}`, path || null]
    return `${place.filter(Boolean).join(' ')}: ${message}`
  })
  const lost = error.code === 'client/unreachable' || error.code === 'client/timeout'
  return new CliError(error.message, {
    exitCode: lost ? exitCodes.unreachable : exitCodes.failed,
    code: error.code,
    ...(lines.length > 0 ? { why: lines.join('\n') } : {}),
    ...(lost ? { cure: 'Is it running? twinlatch status' } : {}),
    cause: error,
  })
}
