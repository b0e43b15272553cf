import {
  type CompiledGateway,
  compile,
  type GatewaySettings,
  gatewaySettings,
  type ManifestFile,
  parseManifests,
  plan,
} from '@twinlatch/gateway'
import { devSubaccountId } from '@twinlatch/kit'

/** Default settings with port 443 of manifests on `port`. */
export function settingsFor(port: number): GatewaySettings {
  return gatewaySettings.parse({ portMap: { '443': port } })
}

/** Reads, plans and compiles manifests of one tenant; throws what is wrong with them. */
export function compileManifests(
  files: readonly ManifestFile[],
  settings: GatewaySettings,
): CompiledGateway {
  const read = parseManifests(files)
  const createdAt = new Date(0).toISOString()
  const documents = read.documents.map((document) => ({ ...document, createdAt }))
  const sets = [{ subaccountId: devSubaccountId, documents }]
  const planned = plan({ sets, settings })
  const [problem] = [...read.problems, ...planned.problems]
  if (problem) throw new Error(`${problem.path}: ${problem.message}`)
  return compile(planned.plan, 1)
}
