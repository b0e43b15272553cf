import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type Bom, createSbom, type Lock } from './sbom.ts'

// Prints the bill of materials of what a user installs: npm run -s sbom > twinlatch.cdx.json
const root = new URL('..', import.meta.url)
const arguments_ = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']
const complete = JSON.parse(
  execFileSync('npm', arguments_, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
) as Bom
const lock = JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')) as Lock
process.stdout.write(`${JSON.stringify(createSbom(complete, lock), null, 2)}\n`)
