import type { Resources } from './resources.ts'

/** One secret or config map, its values as text. */
export interface SecretValues {
  /** `secret istio-system/kyma-mtls`. */
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}

/** One question and the document that was the answer. */
export interface LookUp {
  readonly kind: 'secrets' | 'configMaps'
  readonly id: string
  readonly document: object | undefined
}

/** Secrets and config maps of one subaccount, and which of them were asked for. */
export class SecretSource {
  readonly #resources: Pick<Resources, 'secrets' | 'configMaps'>
  readonly #namespace: string
  readonly #lookUps: LookUp[] = []

  constructor(resources: Resources, namespace: string) {
    this.#resources = resources
    this.#namespace = namespace
  }

  /** What was asked for so far, whether it was there or not. */
  get lookUps(): readonly LookUp[] {
    return this.#lookUps
  }

  secret(name: string): SecretValues | null {
    const id = `${this.#namespace}/${name}`
    const found = this.#resources.secrets.get(id)
    this.#lookUps.push({ kind: 'secrets', id, document: found?.document })
    if (found === undefined) return null
    const data = Object.entries(found.document.data ?? {}).map(([key, text]): [string, string] => [
      key,
      Buffer.from(text, 'base64').toString('utf8'),
    ])
    return { name: this.nameOf(name), values: new Map(data) }
  }

  configMap(id: string): SecretValues | null {
    const found = this.#resources.configMaps.get(id)
    this.#lookUps.push({ kind: 'configMaps', id, document: found?.document })
    if (found === undefined) return null
    return { name: `configmap ${id}`, values: new Map(Object.entries(found.document.data ?? {})) }
  }

  nameOf(secret: string): string {
    return `secret ${this.#namespace}/${secret}`
  }
}

/** Whether every question would find the same in `resources`. */
export function isUnchanged(lookUps: readonly LookUp[], resources: Resources): boolean {
  return lookUps.every(({ kind, id, document }) => resources[kind].get(id)?.document === document)
}
