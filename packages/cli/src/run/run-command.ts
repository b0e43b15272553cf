import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { CliError } from '../cli-error.ts'
import { vcapServices, writeBindingDirectory } from '../commands/binding-format.ts'
import { renderHostsLines } from '../commands/hosts.ts'
import type { ServerConnection } from '../connection.ts'
import { withoutDatabase } from '../database-url.ts'

/** What the command needs to know of the server it runs against. */
export interface RunTarget {
  readonly server: ServerConnection
  /** PEM file of the authorities of the server's certificates. */
  readonly caFile: string
  readonly urls: Readonly<Record<string, string>>
  readonly hostNames: readonly string[]
}

const resolver = new URL('./localhost-resolver.js', import.meta.url)

/** System bundles that `SSL_CERT_FILE` replaces and must therefore be contained in ours. */
const systemBundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]

/**
 * Runs a command so that its own libraries find bindings, authorities and `.localhost` names
 * (console-and-cli.md section 5.3); passes signals on and returns the command's exit code. What is
 * set is set for the child only, and its files are removed afterwards.
 */
export async function runCommand(command: readonly string[], target: RunTarget): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'twinlatch-run-'))
  try {
    return await spawnAndWait(command, await environmentFor(target, directory))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

async function environmentFor(
  { server, caFile, urls, hostNames }: RunTarget,
  directory: string,
): Promise<NodeJS.ProcessEnv> {
  const bindings = await server.control.bindings.list()
  const shown = await Promise.all(bindings.map(({ name }) => server.control.bindings.show(name)))
  const services = shown.map(({ service }) => service)
  const vcap = JSON.stringify(vcapServices(services))
  const bindingRoot = join(directory, 'bindings')
  await mkdir(bindingRoot, { mode: 0o700 })
  for (const service of services) await writeBindingDirectory(service, bindingRoot)
  const vcapFile = join(directory, 'vcap-services.json')
  await writeFile(vcapFile, vcap, { mode: 0o600 })
  const bundle = join(directory, 'ca-bundle.pem')
  await writeFile(bundle, `${await systemAuthorities()}${await readFile(caFile, 'utf8')}`)
  const javaHosts = join(directory, 'hosts')
  await writeFile(javaHosts, `127.0.0.1 localhost\n${renderHostsLines(hostNames).join('\n')}\n`)
  return {
    ...withoutDatabase(process.env),
    VCAP_SERVICES: vcap,
    VCAP_SERVICES_FILE_PATH: vcapFile,
    SERVICE_BINDING_ROOT: bindingRoot,
    NODE_EXTRA_CA_CERTS: await nodeAuthorities(caFile, directory),
    SSL_CERT_FILE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    NODE_OPTIONS: joined(process.env['NODE_OPTIONS'], `--import ${resolver.href}`),
    JAVA_TOOL_OPTIONS: joined(
      process.env['JAVA_TOOL_OPTIONS'],
      `-Djdk.net.hosts.file=${javaHosts}`,
    ),
    TWINLATCH_SERVER: server.url,
    TWINLATCH_CA_FILE: caFile,
    ...Object.fromEntries(
      Object.entries(urls).map(([name, url]) => [`TWINLATCH_${name.toUpperCase()}_URL`, url]),
    ),
  }
}

/** Node adds one file to its own roots; a file the user had set there stays in it. */
async function nodeAuthorities(caFile: string, directory: string): Promise<string> {
  const before = process.env['NODE_EXTRA_CA_CERTS']
  if (!before) return caFile
  const file = join(directory, 'node-extra-ca.pem')
  const own = await readFile(caFile, 'utf8')
  await writeFile(file, `${await readFile(before, 'utf8').catch(() => '')}\n${own}`)
  return file
}

async function systemAuthorities(): Promise<string> {
  const named = process.env['SSL_CERT_FILE']
  for (const file of named ? [named, ...systemBundles] : systemBundles) {
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text !== null) return `${text}\n`
  }
  return ''
}

function joined(before: string | undefined, added: string): string {
  return before ? `${before} ${added}` : added
}

/** Signals that end or steer the command; it decides what they mean. */
const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']

function spawnAndWait(command: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const [file = '', ...args] = command
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, stdio: 'inherit' })
    const handlers = passedOn.map((signal) => {
      const handler = () => {
        // A terminal sends Ctrl-C to the command itself; a second one often means "at once".
        if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
      }
      process.on(signal, handler)
      return [signal, handler] as const
    })
    const done = () => {
      for (const [signal, handler] of handlers) process.off(signal, handler)
    }
    child.once('error', (error) => {
      done()
      reject(
        new CliError(`The command "${file}" cannot be started.`, {
          why: error.message,
          cure: 'Write it behind --, as in: twinlatch run -- node app.js',
          cause: error,
        }),
      )
    })
    child.once('exit', (code, signal) => {
      done()
      // A shell's convention for a command that a signal ended.
      resolve(code ?? 128 + (signal ? (constants.signals[signal] ?? 0) : 0))
    })
  })
}
