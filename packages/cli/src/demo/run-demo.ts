import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError, exitCodes } from '../cli-error.ts'
import { findHome, readRunState } from '../home.ts'
import { startStack } from '../run/stack.ts'
import type { Terminal } from '../terminal.ts'
import { demoNames } from './names.ts'
import { type DemoServer, DemoShell } from './shell.ts'
import { describe, find, keep } from './steps/destination.ts'
import { clusterDomain, ownDomain, routesAndPolicy, smokeTest, workload } from './steps/gateway.ts'
import { issue, look } from './steps/issue.ts'
import { refusals } from './steps/refusals.ts'

export interface DemoOptions {
  readonly home?: string
  readonly server?: string
  readonly step?: number
  readonly json: boolean
}

const steps = [
  { name: 'Issue', run: issue },
  { name: 'Look', run: look },
  { name: 'Keep', run: keep },
  { name: 'Describe', run: describe },
  { name: 'Find', run: find },
  { name: 'Gateway, cluster domain', run: clusterDomain },
  { name: 'Gateway, own domain', run: ownDomain },
  { name: 'Workload', run: workload },
  { name: 'Routes and policy', run: routesAndPolicy },
  { name: 'Smoke test', run: smokeTest },
  { name: 'Refusals', run: refusals },
] as const

/**
 * Walks the main flow with the real tools and reports each step as it ends; true if all held. A
 * failed step does not stop the walk, so that one missing tool does not hide what else works.
 */
export async function runDemo(options: DemoOptions, terminal: Terminal): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), 'twinlatch-demo-'))
  removeWhenInterrupted(directory)
  const own = options.server === undefined && process.env['TWINLATCH_SERVER'] === undefined
  const stack = own ? await startStack({ sample: false }) : null
  try {
    const server = stack
      ? {
          home: stack.home,
          ...endpointsOf(stack.urls),
          caFile: stack.ca,
          adminTokenFile: stack.adminToken,
        }
      : namedServer(options)
    const names = demoNames(stack ? 'quovadis' : `d${randomBytes(3).toString('hex')}`)
    const shell = new DemoShell(directory, names, server)
    await shell.write('password.txt', `${randomBytes(18).toString('base64url')}\n`)
    const token = (await readFile(server.adminTokenFile, 'utf8')).trim()
    await shell.write('admin-header.txt', `Authorization: Bearer ${token}`)
    return await walk(shell, options, terminal)
  } finally {
    await stack?.stop()
    await rm(directory, { recursive: true, force: true })
  }
}

/** The directory holds a password and the admin token; a stack of our own ends by itself. */
function removeWhenInterrupted(directory: string): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      rmSync(directory, { recursive: true, force: true })
      process.exit(128 + constants.signals[signal])
    })
  }
}

async function walk(shell: DemoShell, options: DemoOptions, terminal: Terminal): Promise<boolean> {
  let allHeld = true
  for (const [index, step] of steps.entries()) {
    const number = index + 1
    if (options.step !== undefined && number > options.step) break
    shell.transcript = []
    const startedAt = performance.now()
    const failure = await step.run(shell).then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    )
    const ms = Math.round(performance.now() - startedAt)
    // Steps before the asked-for one only make what it needs.
    const shown = options.step === undefined || options.step === number || failure !== null
    if (shown) report({ number, name: step.name, failure, ms }, shell, options, terminal)
    allHeld &&= failure === null
  }
  return allHeld
}

interface StepResult {
  readonly number: number
  readonly name: string
  readonly failure: string | null
  readonly ms: number
}

/** Enough for every answer worth reading; a longer one is cut with its length. */
const shownLinesMax = 40
const shownColumnsMax = 200

function report(
  { number, name, failure, ms }: StepResult,
  shell: DemoShell,
  options: DemoOptions,
  terminal: Terminal,
): void {
  const ok = failure === null
  if (options.json) {
    const command = shell.transcript.map((line) => line.command).join('\n')
    const output = [...shell.transcript.map((line) => line.output), failure ?? ''].join('\n').trim()
    terminal.out(JSON.stringify({ step: number, name, ok, ms, command, output }))
    return
  }
  for (const { command, output } of shell.transcript) {
    terminal.out(`  $ ${command}`)
    for (const line of shorten(output)) terminal.out(`    ${line}`)
  }
  const mark = ok ? terminal.symbols.pass : terminal.symbols.fail
  terminal.out(
    `${mark} ${number} ${name}   ${(ms / 1000).toFixed(1)} s${ok ? '' : `   ${failure}`}`,
  )
  terminal.out('')
}

function shorten(output: string): readonly string[] {
  const lines = (output === '' ? [] : output.split('\n')).map((line) =>
    line.length <= shownColumnsMax ? line : `${line.slice(0, shownColumnsMax)}…`,
  )
  if (lines.length <= shownLinesMax) return lines
  return [...lines.slice(0, shownLinesMax), `… ${lines.length - shownLinesMax} more lines`]
}

function endpointsOf(urls: { control: string; gateway: string }) {
  return { controlUrl: urls.control, gatewayPort: Number(new URL(urls.gateway).port) }
}

function namedServer(options: DemoOptions): DemoServer {
  const home = findHome(options.home)
  const running = readRunState(home)
  if (!running) {
    throw new CliError('The demo needs the home of the named server.', {
      exitCode: exitCodes.unreachable,
      why: `${home.directory} names no running server.`,
      cure: 'Name it with --home DIR, or leave --server out: the demo then brings its own stack.',
    })
  }
  const controlUrl = options.server ?? process.env['TWINLATCH_SERVER'] ?? running.urls.control
  return {
    home: home.directory,
    ...endpointsOf({ ...running.urls, control: controlUrl }),
    caFile: running.ca,
    adminTokenFile: running.adminToken,
  }
}
