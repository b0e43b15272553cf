import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Bom, Component, Lock, LockEntry } from '../release/sbom.ts'

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), 'utf8')
const lock = JSON.parse(read('package-lock.json')) as Lock
const written = () =>
  execFileSync('node', ['release/write-sbom.ts'], {
    cwd: new URL('..', import.meta.url),
    encoding: 'utf8',
  })

/** Every package that `npm install --omit dev` of ours brings, by walking the lock as Node resolves. */
function installed(): Map<string, LockEntry> {
  const found = new Map<string, LockEntry>()
  const visit = (path: string) => {
    const entry = lock.packages[path] as LockEntry
    const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 13)
    const id = `${name}@${entry.version}`
    if (found.has(id)) return
    found.set(id, entry)
    const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } =
      entry as LockEntry & Record<string, Record<string, { optional?: boolean } | string>>
    const wanted = { ...dependencies, ...optionalDependencies, ...peerDependencies }
    for (const dependency of Object.keys(wanted)) {
      const target = resolve(path, dependency)
      if (target) visit(target)
      else expect(peerDependenciesMeta?.[dependency], `${id} needs ${dependency}`).toBeDefined()
    }
  }
  visit('packages/cli')
  return found
}

function resolve(from: string, name: string): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('/')))) {
    const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`
    const entry = lock.packages[path] as (LockEntry & { resolved?: string }) | undefined
    if (entry) return entry.link ? entry.resolved : path
    if (base === '') return undefined
  }
}

describe('the bill of materials', () => {
  const text = written()
  const bom = JSON.parse(text) as Bom & { bomFormat: string }
  const all = [bom.metadata.component, ...bom.components]
  const byId = new Map(
    all.map((component) => [`${component.name}@${component.version}`, component]),
  )

  test('is CycloneDX 1.6, and the same bytes at every run', () => {
    expect([bom.bomFormat, bom.specVersion]).toEqual(['CycloneDX', '1.6'])
    expect(bom.serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(bom.metadata.timestamp).toBeUndefined()
    expect(written()).toBe(text)
  })

  test('has what a user installs, all of it and nothing else', () => {
    expect([...byId.keys()].sort()).toEqual([...installed().keys()].sort())
    expect(byId.has('@twinlatch/testing@0.1.0')).toBe(false)
  })

  test.each([...installed()])(
    '%s has a package URL, a licence and the hash of the lock',
    (id, entry) => {
      const component = byId.get(id) as Component
      const [name, version] = [id.slice(0, id.lastIndexOf('@')), id.slice(id.lastIndexOf('@') + 1)]
      expect(component.purl).toBe(`pkg:npm/${name.replace('@', '%40')}@${version}`)
      expect(component.licenses).toEqual([{ license: { id: entry.license } }])
      const hashes = (entry.integrity?.split(' ') ?? []).map((hash) => {
        const [algorithm = '', value = ''] = hash.split(/-(.*)/)
        return {
          alg: algorithm.replace('sha', 'SHA-'),
          content: Buffer.from(value, 'base64').toString('hex'),
        }
      })
      expect(component.hashes ?? []).toEqual(hashes)
      expect(hashes.length > 0 || name.startsWith('@twinlatch/')).toBe(true)
    },
  )

  test('says what needs what, among its own', () => {
    const refs = new Set(all.map((component) => component['bom-ref']))
    expect(refs.size).toBe(all.length)
    expect(bom.dependencies.map(({ ref }) => ref).sort()).toEqual([...refs].sort())
    for (const { dependsOn } of bom.dependencies) {
      expect(dependsOn.filter((ref) => !refs.has(ref))).toEqual([])
    }
  })
})

test('every package of the lock has a checksum, or stands in the list of those without', () => {
  const list = JSON.parse(read('release/without-integrity.json')) as { packages: string[] }
  const without = Object.entries(lock.packages).flatMap(([path, entry]) =>
    path.includes('node_modules/') && !entry.link && !entry.integrity
      ? [`${path.slice(path.lastIndexOf('node_modules/') + 13)}@${entry.version}`]
      : [],
  )
  expect(without).toEqual(list.packages)
  const theirs = installed()
  expect(list.packages.filter((id) => theirs.has(id))).toEqual([])
})

describe('.ci/audit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'twinlatch-audit-'))
  afterAll(() => rmSync(directory, { recursive: true }))

  /** Its outcome with an npm that answers so. */
  function audit(answer: string, code: number) {
    const script = `#!/bin/sh\necho '${answer}'\nexit ${code}\n`
    writeFileSync(join(directory, 'npm'), script, { mode: 0o755 })
    const env = { ...process.env, PATH: `${directory}${delimiter}${process.env['PATH']}` }
    const path = fileURLToPath(new URL('../.ci/audit', import.meta.url))
    const { status, stdout } = spawnSync(path, { env, encoding: 'utf8' })
    return { status, stdout }
  }

  test.each([
    ['a report without findings', '{ "auditReportVersion": 2 }', 0, 0, 'no known vulnerability'],
    ['a report with findings', '{ "auditReportVersion": 2 }', 1, 1, ''],
    ['a registry that knows no audit', '{ "message": "405 Method Not Allowed" }', 1, 0, 'skipped:'],
    ['no registry at all', '', 1, 0, 'skipped:'],
  ])('%s', (_name, answer, code, status, says) => {
    expect(audit(answer, code)).toEqual({ status, stdout: expect.stringContaining(says) })
  })
})

test('the lock names no registry, which is not everybody’s', () => {
  expect(read('package-lock.json')).not.toMatch(/"resolved": "(?!packages\/)/)
})
