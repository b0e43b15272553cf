import type { Resources } from './resources.ts'

/** One secret or config map, its values as text. */
export interface SecretValues {
  /** `secret istio-system/kyma-mtls`. */
  readonly name: string
  readonly values: ReadonlyMap<string, string>
}

interface LookUp {
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

  /** Whether every look-up that was made would find the same in `resources`. */
  isUnchanged(resources: Resources, namespace: string): boolean {
    if (namespace !== this.#namespace) return false
    return this.#lookUps.every(({ kind, id, document }) => {
      return resources[kind].get(id)?.document === document
    })
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
