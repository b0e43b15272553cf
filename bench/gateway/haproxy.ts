import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, versionOf } from '../machine/programs.ts'
import { type Choice, nameOnPort } from './contender.ts'
import type { Site } from './site.ts'

/** haproxy with one thread. */
export function haproxy(): Choice {
  const path = findProgram('haproxy')
  if (path === null) return { name: 'haproxy', missing: 'apt-get install haproxy' }
  return {
    name: 'haproxy',
    program: `haproxy ${versionOf(path, '-v')}`,
    caches: 'session cache and tickets; subject and issuer are computed for every request',
    start(site, port, children) {
      const name = nameOnPort('haproxy', port)
      const file = join(site.directory, `${name}.cfg`)
      writeFileSync(file, configuration(site, port))
      return children.start(name, 'measured', [path, '-db', '-f', file])
    },
  }
}

function configuration(site: Site, port: number): string {
  return `
global
  nbthread 1
  maxconn 8000
  tune.ssl.cachesize 20000
  tune.bufsize 16384
defaults
  mode http
  timeout client 300s
  timeout server 300s
  timeout connect 5s
  http-reuse always
frontend gateway
  bind 127.0.0.1:${port} ssl crt ${site.server.both} ca-file ${site.authority} verify required alpn http/1.1 ssl-min-ver TLSv1.3
  http-request deny unless { ssl_c_s_dn(cn) -m str tenant-client-01 }
  http-request deny deny_status 404 unless { path_beg /api/ /1m }
  http-request set-header X-Forwarded-Client-Cert Hash=%[ssl_c_sha1,hex];Subject=%[ssl_c_s_dn]
  http-request set-header X-Client-Ssl-Cn %[ssl_c_s_dn]
  http-request set-header X-Client-Ssl-Issuer %[ssl_c_i_dn]
  http-request set-header X-Forwarded-For %[src]
  http-request set-header X-Forwarded-Proto https
  default_backend workload
backend workload
  server one 127.0.0.1:${site.upstreamPort}
`
}
