/** How the inputs of a target are derived from its corpus. */
type InputKind = 'bytes' | 'der' | 'text' | 'json'

/** One parser of foreign input, with what it promises. All targets have this shape. */
export interface FuzzTarget {
  readonly name: string
  readonly kind: InputKind
  /** Words of the grammar that mutations may put in, for text and JSON. */
  readonly words?: readonly string[]
  /** Longest input, where an honest one takes longer than its time; else 64 KiB. */
  readonly inputBytesMax?: number
  /** Valid inputs, made when asked for: by our own writers, and by the tools that are installed. */
  corpus(): Promise<readonly Uint8Array[]>
  /**
   * Parses `input` and checks what must hold for whatever was accepted; true when it was. A promise
   * that does not hold is an `OracleError`.
   */
  run(input: Uint8Array): boolean | Promise<boolean>
  /** Whether `error` is a refusal of the package: anything else that is thrown is a finding. */
  refuses(error: unknown): boolean
}

/** A promise of a parser that did not hold. */
export class OracleError extends Error {
  override readonly name = 'OracleError'
}

/** Throws an `OracleError` unless `holds`. */
export function expectThat(holds: boolean, promise: string): void {
  if (!holds) throw new OracleError(promise)
}

/** UTF-8 of texts. */
export function bytesOf(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => Buffer.from(text, 'utf8'))
}

/** The input as a text parser gets it; octets that are not UTF-8 become U+FFFD. */
export function textOf(input: Uint8Array): string {
  return Buffer.from(input).toString('utf8')
}
