/**
 * `text` for a record: whole up to `charactersMax`, else its beginning and `…`. The result shares no
 * memory with `text`, which would otherwise live as long as the record.
 */
export function clip(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  return `${detached(text.slice(0, charactersMax))}…`
}

/** The same text without the memory of the one that it is a piece of. */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}
