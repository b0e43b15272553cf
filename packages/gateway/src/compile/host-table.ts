/**
 * Values by host pattern: an exact name wins, then the longest `*.suffix`, then `*` (gateway.md
 * sections 5.2 and 5.3). Cost grows with the labels of the host, not with the patterns.
 */
export class HostTable<Value> {
  readonly #values: ReadonlyMap<string, Value>

  /** The first value of a pattern wins. */
  constructor(entries: Iterable<readonly [pattern: string, value: Value]>) {
    const values = new Map<string, Value>()
    for (const [pattern, value] of entries) {
      if (!values.has(pattern)) values.set(pattern, value)
    }
    this.#values = values
  }

  /** `host` in lower case; `null` is no name at all, which only `*` covers. */
  find(host: string | null): Value | null {
    if (host !== null && host !== '') {
      const exact = this.#values.get(host)
      if (exact !== undefined) return exact
      // A trailing dot makes another name, which no suffix covers either (gateway.md section 5.2).
      if (!host.endsWith('.')) {
        for (let dot = host.indexOf('.'); dot > 0; dot = host.indexOf('.', dot + 1)) {
          const found = this.#values.get(`*${host.slice(dot)}`)
          if (found !== undefined) return found
        }
      }
    }
    return this.#values.get('*') ?? null
  }
}
