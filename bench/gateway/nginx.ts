import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram, versionOf } from '../machine/programs.ts'
import { type Choice, nameOnPort } from './contender.ts'
import type { Site } from './site.ts'

/** nginx with one worker: the usual way to terminate mutual TLS without a mesh. */
export function nginx(): Choice {
  const path = findProgram('nginx')
  if (path === null) return { name: 'nginx', missing: 'apt-get install nginx' }
  return {
    name: 'nginx',
    program: `nginx ${versionOf(path, '-v')}`,
    caches: 'session cache and tickets; subject, issuer and map are computed for every request',
    start(site, port, children) {
      const name = nameOnPort('nginx', port)
      const directory = join(site.directory, name)
      mkdirSync(directory, { recursive: true })
      const file = join(directory, 'nginx.conf')
      writeFileSync(file, configuration(site, port, directory))
      return children.start(name, 'measured', [path, '-c', file, '-p', directory])
    },
  }
}

const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']

function configuration(site: Site, port: number, directory: string): string {
  return `
worker_processes 1;
daemon off;
pid ${directory}/nginx.pid;
error_log ${directory}/error.log warn;
worker_rlimit_nofile 65536;
events { worker_connections 16384; }
http {
  access_log off;
  ${bodies.map((body) => `${body}_temp_path ${directory}/${body};`).join(' ')}
  ssl_protocols TLSv1.3;
  ssl_session_cache shared:sessions:20m;
  ssl_session_tickets on;
  keepalive_requests 1000000;
  keepalive_timeout 300s;
  tcp_nodelay on;
  upstream workload { server 127.0.0.1:${site.upstreamPort}; keepalive 256; keepalive_requests 1000000; }
  map $ssl_client_s_dn $allowed { default 0; "~(^|,)CN=tenant-client-01(,|$)" 1; }
  proxy_http_version 1.1;
  proxy_buffer_size 16k;
  proxy_buffers 16 64k;
  proxy_busy_buffers_size 128k;
  proxy_max_temp_file_size 0;
  server {
    listen 127.0.0.1:${port} ssl backlog=4096;
    server_name ${site.host};
    ssl_certificate ${site.server.certificate};
    ssl_certificate_key ${site.server.key};
    ssl_client_certificate ${site.authority};
    ssl_verify_client on;
    ssl_verify_depth 3;
    location / { return 404; }
    location ~ ^/(api/|1m) {
      if ($allowed = 0) { return 403; }
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Client-Cert 'Hash=$ssl_client_fingerprint;Subject="$ssl_client_s_dn"';
      proxy_set_header X-Client-Ssl-Cn $ssl_client_s_dn;
      proxy_set_header X-Client-Ssl-Issuer $ssl_client_i_dn;
      proxy_pass http://workload;
    }
  }
}
`
}
