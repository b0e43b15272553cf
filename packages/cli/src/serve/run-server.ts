import { createLogger } from '@twinlatch/kit'
import type { UpOptions } from '../commands/up.ts'
import { databaseUrlOf, sqliteUrlOf } from '../database-url.ts'
import type { Home } from '../home.ts'
import { systemKnowsLocalhostNames } from '../localhost-names.ts'
import { createSample, createSampleSettings, sampleHosts } from '../sample/create-sample.ts'
import type { Terminal } from '../terminal.ts'
import { choosePorts } from './listen.ts'
import { type RunningServer, serve } from './serve.ts'
import { readServerConfig } from './server-config.ts'

/** Exit codes of a second signal: 128 + its number (console-and-cli.md section 8 "Shutdown"). */
const signalExitCodes = new Map<NodeJS.Signals, number>([
  // A terminal that is closed. Reloading by signal is not built: what must not happen is an end
  // without cleaning up, which is what the system does with a signal that nobody heeds.
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])

/**
 * Runs a server in this process until a signal. Signals are heeded from the start, so that none is
 * lost between start and readiness; the first drains, a second ends at once.
 */
export async function runServer(home: Home, options: UpOptions, terminal: Terminal): Promise<void> {
  const startedAt = performance.now()
  const stopped = waitForSignal(terminal)
  if (options.sample) await createSampleSettings(home)
  const level =
    options.logLevel ??
    process.env['TWINLATCH_LOG_LEVEL'] ??
    readServerConfig(home.config).log.level
  const log = createLogger({ level })
  // A home that ends with the process keeps everything in it, or what it left would stay behind.
  const temporary = options.ephemeral === true && options.home === undefined
  const database = temporary ? sqliteUrlOf(home) : databaseUrlOf(home)
  const ports = choosePorts({
    ephemeral: options.ephemeral === true,
    ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
  })
  const server = await serve({ home, database, ports, log })
  try {
    // It is created through the API, which has nothing to store it in.
    const sample = options.sample && server.startedFrom?.source !== 'disk'
    if (sample) await createSample(home, server.state)
    await announce(server, home, options, terminal, performance.now() - startedAt)
    await stopped
  } finally {
    await server.stop()
  }
}

function waitForSignal(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    let seen = false
    for (const [signal, exitCode] of signalExitCodes) {
      process.on(signal, () => {
        if (seen) process.exit(exitCode)
        seen = true
        terminal.note('stopping …')
        resolve()
      })
    }
    // Of a stack that was started for one command: it is of no use without it (see run/stack.ts).
    process.once('disconnect', resolve)
    process.channel?.unref()
  })
}

async function announce(
  server: RunningServer,
  home: Home,
  options: UpOptions,
  terminal: Terminal,
  elapsedMs: number,
): Promise<void> {
  const { urls, ca, adminToken } = server.state
  if (options.output === 'json') {
    terminal.out(JSON.stringify({ ready: true, home: home.directory, ca, adminToken, urls }))
    return
  }
  const { pass } = terminal.symbols
  const gatewayPort = new URL(urls.gateway).port
  for (const { name, subject, notAfter } of server.authorities) {
    terminal.out(
      `${pass} authority      ${name.padEnd(9)}${subject}, until ${notAfter.toISOString().slice(0, 10)}`,
    )
  }
  if (server.startedFrom?.source === 'disk') {
    terminal.out(
      `${terminal.symbols.warn} database       cannot be reached; the gateway serves what was in force at ${server.startedFrom.takenAt}, everything else answers 503 until it is back`,
    )
  }
  terminal.out(`${pass} destinations   ${urls.control}/destination-configuration`)
  terminal.out(`${pass} tokens         ${urls.control}/oauth/token`)
  terminal.out(`${pass} gateway        ${urls.gateway}`)
  if (options.sample) {
    for (const host of sampleHosts)
      terminal.out(`${pass} sample         https://${host}:${gatewayPort}`)
  }
  terminal.out(`${pass} health         ${urls.health}/readyz`)
  if (!(await systemKnowsLocalhostNames())) {
    terminal.out(
      `${terminal.symbols.warn} names          this system's resolver does not know *.localhost; curl and browsers do, for others: twinlatch hosts --print`,
    )
  }
  terminal.out(
    `ready in ${(elapsedMs / 1000).toFixed(1)} s   ·   home ${home.directory}   ·   stop: Ctrl-C, or twinlatch down`,
  )
}
