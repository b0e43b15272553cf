/** A page of docs/reference: title, one sentence, and who makes it, so that nobody edits it by hand. */
export function page(title: string, intro: string, parts: readonly string[]): string {
  const note = 'Generated from the program; a test fails when it is stale. Do not edit.'
  return `${[`# ${title}`, intro, `_${note}_`, ...parts].join('\n\n')}\n`
}

/** A table; cells may hold any text of one line. */
export function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

/** `text` as code, whatever it holds. */
export function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}
