import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Contender, nameOnPort } from './contender.ts'
import { gatewayManifests } from './manifests.ts'

/** Our gateway in a process of its own, with `subjects` allowed names. */
export function twinlatch(
  subjects: number,
  name = `twinlatch, ${subjects} ${subjects === 1 ? 'subject' : 'subjects'}`,
): Contender {
  return {
    name,
    program: `Node ${process.versions.node}`,
    caches:
      'tickets; identity, subject and issuer text of a peer; policies are decided for every request',
    start(site, port, children) {
      const log = nameOnPort(name, port)
      const file = join(site.directory, `${log}.json`)
      writeFileSync(file, JSON.stringify({ port, files: gatewayManifests(site, subjects) }))
      const program = new URL('serve-gateway.ts', import.meta.url).pathname
      const profile = process.env['TWINLATCH_BENCH_NODE_OPTIONS']?.split(' ') ?? []
      return children.start(log, 'measured', [process.execPath, ...profile, program, file])
    },
  }
}
