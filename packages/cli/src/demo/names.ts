import { exampleManifests } from '../sample/manifests.ts'

/**
 * Names of one walk through the flow. On a stack of its own they are those of the examples; on a
 * server that is somebody's they carry a random part, so that nothing of theirs is touched.
 */
export interface DemoNames {
  readonly id: string
  readonly client: string
  readonly partner: string
  readonly destination: string
  readonly binding: string
  readonly otherSubaccount: string
  readonly otherBinding: string
  readonly clusterHost: string
  readonly clusterWildcard: string
  readonly clusterCredential: string
  readonly ownHost: string
  readonly ownWildcard: string
  readonly ownCredential: string
  readonly refusalsHost: string
  readonly refusalsCredential: string
}

/** The names for `id`; `quovadis` yields those of the examples. */
export function demoNames(id: string): DemoNames {
  const shared = id === 'quovadis' ? '' : `-${id}`
  return {
    id,
    client: `poster-${id}`,
    partner: `partner-${id}`,
    destination: `httpbin-x509${shared}`,
    binding: `demo-app${shared}`,
    otherSubaccount: `acme${shared}`,
    otherBinding: 'b',
    clusterHost: `httpbin-x509.mtls${shared}.localhost`,
    clusterWildcard: `*.mtls${shared}.localhost`,
    clusterCredential: `kyma-mtls${shared}`,
    ownHost: `httpbin.${id}.localhost`,
    ownWildcard: `*.${id}.localhost`,
    ownCredential: `${id}-mtls`,
    refusalsHost: `refusals.demo${shared}.localhost`,
    refusalsCredential: `demo-refusals${shared}`,
  }
}

/** One example file with the names of this walk in place of its own. */
export function demoManifest(folder: string, file: string, names: DemoNames): string {
  const documents = exampleManifests(folder).filter((one) => one.file === file)
  if (documents.length === 0) throw new TypeError(`no example ${folder}/${file}`)
  return documents
    .map(({ text }) =>
      text
        .replaceAll('kyma-mtls-gateway', 'CLUSTER-GATEWAY')
        .replaceAll('kyma-mtls', names.clusterCredential)
        .replaceAll('CLUSTER-GATEWAY', 'kyma-mtls-gateway')
        .replaceAll('quovadis', names.id)
        .replaceAll('.mtls.localhost', names.clusterWildcard.slice(1)),
    )
    .join('---\n')
}
