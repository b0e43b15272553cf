import {
  type CompiledGateway,
  compile,
  createPlanner,
  type GatewaySettings,
  type ManifestFile,
  type ParsedDocument,
  parseManifests,
  type StoredDocument,
} from '@twinlatch/gateway'
import { devSubaccountId } from '@twinlatch/kit'

/** Milliseconds of each stage between manifests and a gateway that serves them. */
export interface StageTimes {
  readonly parseMs: number
  readonly planMs: number
  readonly compileMs: number
  readonly swapMs: number
  /** All but reading text, which happens once when a document is applied. */
  readonly totalMs: number
  /** CPU of the same, all threads: what `totalMs` would be on a machine with nothing else to do. */
  readonly totalCpuMs: number
}

/** Documents of one tenant that are applied piece by piece, as the server does. */
export class AppliedDocuments {
  readonly #settings: GatewaySettings
  readonly #documents = new Map<string, StoredDocument>()
  readonly #planner = createPlanner()
  #generation = 0

  constructor(settings: GatewaySettings) {
    this.#settings = settings
  }

  /** Applies files and hands the compiled value to `swap`; throws what is wrong with them. */
  apply(files: readonly ManifestFile[], swap: (compiled: CompiledGateway) => void): StageTimes {
    const started = performance.now()
    for (const file of files) {
      const { documents, problems } = parseManifests([file])
      refuse(problems)
      for (const document of documents) this.#keep(document)
    }
    const parsed = performance.now()
    const cpu = process.cpuUsage()
    const sets = [{ subaccountId: devSubaccountId, documents: [...this.#documents.values()] }]
    const result = this.#planner.plan({ sets, settings: this.#settings })
    refuse(result.problems)
    const planned = performance.now()
    this.#generation += 1
    const compiled = compile(result.plan, this.#generation)
    const done = performance.now()
    swap(compiled)
    const end = performance.now()
    const { user, system } = process.cpuUsage(cpu)
    return {
      parseMs: whole(parsed - started),
      planMs: whole(planned - parsed),
      compileMs: whole(done - planned),
      swapMs: whole(end - done),
      totalMs: whole(end - parsed),
      totalCpuMs: whole((user + system) / 1_000),
    }
  }

  #keep({ file: _file, index: _index, ...document }: ParsedDocument): void {
    const key = `${document.kind} ${document.namespace}/${document.name}`
    const createdAt = this.#documents.get(key)?.createdAt ?? new Date(0).toISOString()
    this.#documents.set(key, { ...document, createdAt })
  }
}

function refuse(problems: readonly { readonly path: string; readonly message: string }[]): void {
  const [problem] = problems
  if (problem) throw new Error(`${problem.path}: ${problem.message}`)
}

function whole(ms: number): number {
  return Math.round(ms * 10) / 10
}
