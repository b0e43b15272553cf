/** Header lines in the order and spelling of the wire; a repeated name is several lines. */
export type HeaderLines = readonly (readonly [name: string, value: string])[]
