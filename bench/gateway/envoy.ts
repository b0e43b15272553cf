import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { versionOf } from '../machine/programs.ts'
import { type Choice, nameOnPort } from './contender.ts'
import { type Site, subjectOf } from './site.ts'

/** Envoy with one worker and RBAC over `subjects` names, one principal each, as Istio writes it. */
export function envoy(
  found: { readonly path: string } | { readonly missing: string },
  subjects: number,
  name = `envoy, ${subjects} ${subjects === 1 ? 'subject' : 'subjects'}`,
): Choice {
  if ('missing' in found) return { name, missing: found.missing }
  const { path } = found
  return {
    name,
    program: `Envoy ${versionOf(path, '--version')}`,
    caches: 'tickets, subject and hash of a connection; every principal is tried for every request',
    start(site, port, children) {
      const log = nameOnPort(name, port)
      const file = join(site.directory, `${log}.json`)
      writeFileSync(file, JSON.stringify(bootstrap(site, port, subjects)))
      const options = ['--concurrency', '1', '--base-id', `${port}`, '--log-level', 'error']
      return children.start(log, 'measured', [path, '-c', file, ...options])
    },
  }
}

function bootstrap(site: Site, port: number, subjects: number): object {
  return {
    static_resources: {
      listeners: [
        {
          name: 'gateway',
          address: socketAddress(port),
          filter_chains: [
            {
              filters: [{ name: 'http', typed_config: connectionManager(subjects) }],
              transport_socket: { name: 'tls', typed_config: downstreamTls(site) },
            },
          ],
        },
      ],
      clusters: [
        {
          name: 'workload',
          type: 'STATIC',
          connect_timeout: '5s',
          load_assignment: {
            cluster_name: 'workload',
            endpoints: [
              { lb_endpoints: [{ endpoint: { address: socketAddress(site.upstreamPort) } }] },
            ],
          },
        },
      ],
    },
  }
}

function connectionManager(subjects: number): object {
  const set = [
    ['x-client-ssl-cn', '%DOWNSTREAM_PEER_SUBJECT%'],
    ['x-client-ssl-issuer', '%DOWNSTREAM_PEER_ISSUER%'],
  ]
  const headers = set.map(([key, value]) => ({
    header: { key, value },
    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
  }))
  const routes = ['/api/', '/1m'].map((prefix) => ({
    match: { prefix },
    route: { cluster: 'workload' },
    request_headers_to_add: headers,
  }))
  return typed('extensions.filters.network.http_connection_manager.v3.HttpConnectionManager', {
    stat_prefix: 'gateway',
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { subject: true, uri: true },
    use_remote_address: true,
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes }] },
    http_filters: [
      { name: 'rbac', typed_config: accessRules(subjects) },
      { name: 'router', typed_config: typed('extensions.filters.http.router.v3.Router', {}) },
    ],
  })
}

/** The client that calls is the last of the list. */
function accessRules(subjects: number): object {
  const principals = Array.from({ length: subjects }, (_, index) => ({
    authenticated: { principal_name: { exact: subjectOf(subjects - index) } },
  }))
  const policies = { clients: { permissions: [{ any: true }], principals } }
  return typed('extensions.filters.http.rbac.v3.RBAC', { rules: { action: 'ALLOW', policies } })
}

function downstreamTls(site: Site): object {
  return typed('extensions.transport_sockets.tls.v3.DownstreamTlsContext', {
    require_client_certificate: true,
    common_tls_context: {
      alpn_protocols: ['http/1.1'],
      tls_params: {
        tls_minimum_protocol_version: 'TLSv1_3',
        tls_maximum_protocol_version: 'TLSv1_3',
      },
      tls_certificates: [
        {
          certificate_chain: { filename: site.server.certificate },
          private_key: { filename: site.server.key },
        },
      ],
      validation_context: { trusted_ca: { filename: site.authority } },
    },
  })
}

function typed(type: string, fields: object): object {
  return { '@type': `type.googleapis.com/envoy.${type}`, ...fields }
}

function socketAddress(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } }
}
