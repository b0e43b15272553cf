/**
 * `text` for a record: whole up to `charactersMax`, else its beginning and `…`. The result shares no
 * memory with `text`, which would otherwise live as long as the record.
 */
export function clip(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text
  return `${Buffer.from(text.slice(0, charactersMax)).toString()}…`
}
