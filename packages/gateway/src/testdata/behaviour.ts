import type { CompiledGateway, CompiledPort, CompiledServer, RequestView } from '../compiled.ts'
import { requestView, workedPeer } from './request-view.ts'

const paths = ['/', '/get', '/headers', '/api/v1/x', '/status/200']
const peers = [null, workedPeer()]

/** What callers get to see of a compiled value, for the hosts and paths that it could know. */
export function behaviourOf(compiled: CompiledGateway): unknown {
  return [...compiled.ports].map(([number, port]) => {
    const hosts = [...new Set(port.servers.flatMap((server) => server.hosts))]
    const names = [...hosts.map((host) => host.replace('*', 'some')), 'nobody.example']
    return [number, names.map((name) => behaviourAt(port, name, names))]
  })
}

function behaviourAt(port: CompiledPort, name: string, names: readonly string[]): unknown {
  const server = port.chooseServer(name)
  if (server === null) return null
  const { gatewayPolicies, material, pins, ...shown } = server
  return {
    ...shown,
    xfcc: { ...shown.xfcc, meshHop: shown.xfcc.meshHop === null },
    material: material.ready ? material.bundleName : material.reason,
    pins: [[...pins.certificateHashes], [...pins.spkiHashes], pins.subjectAltNames],
    elsewhere: names.map((other) => port.chooseVirtualHost(server, other).kind),
    answers: paths.flatMap((path) =>
      peers.map((peer) =>
        answerTo(port, server, requestView({ path, peer, authority: name, serverName: name })),
      ),
    ),
  }
}

function answerTo(
  port: CompiledPort,
  server: CompiledServer,
  view: RequestView,
): unknown {
  const choice = port.chooseVirtualHost(server, view.authority)
  if (choice.kind !== 'virtual-host') return choice.kind
  const route = choice.virtualHost.chooseRoute(view)
  const action = route?.action
  const workload = action?.kind === 'forward' ? action.chooseDestination(0.5).workload : null
  return {
    filled: [...choice.virtualHost.peerFilledHeaders],
    gateway: [server.gatewayPolicies.decide(view), server.gatewayPolicies.trace(view)],
    route: route?.name,
    kind: action?.kind,
    location: action?.kind === 'redirect' ? action.location(view) : null,
    workload: workload && [workload.key, workload.target, workload.serviceAccount],
    policies: workload && [workload.policies.decide(view), workload.policies.trace(view)],
  }
}
