import type { Command, Option } from 'commander'
import { isHidden, pathOf, visibleLeavesOf } from '../command-tree.ts'
import { code, page, table } from './markdown.ts'

/** What an exit code tells a script (console-and-cli.md section 5.1). */
const exitCodeMeanings: readonly (readonly [string, string])[] = [
  ['0', 'fine'],
  ['1', 'failed'],
  ['2', 'wrong usage, or a command that is not built yet'],
  ['3', 'findings at or above `--fail-on`'],
  ['4', 'the answer is "denied"'],
  ['5', 'server not reachable'],
  ['130', 'interrupted'],
]

/** `docs/reference/commands.md`: every command with its flags and examples, from the program itself. */
export function commandsPage(program: Command): string {
  return page(
    'Commands',
    'Answers go to stdout, everything else to stderr. `tl` is short for `twinlatch`.',
    [
      table(['exit code', 'meaning'], exitCodeMeanings),
      ...visibleLeavesOf(program).map(section),
      '## Not built yet',
      'Known by name; each ends with exit code 2 and says so.',
      `${notBuiltOf(program).map(code).join(' · ')}`,
    ],
  )
}

function section(command: Command): string {
  const parts = [
    `## ${pathOf(command).replace('twinlatch ', '')}`,
    `${sentence(command.description())}${forms(command)}`,
    `\`\`\`\ntwinlatch ${usageOf(command)}\n\`\`\``,
  ]
  const flags = command
    .createHelp()
    .visibleOptions(command)
    .filter(({ long }) => long !== '--help')
  if (flags.length > 0) parts.push(table(['flag', 'meaning'], flags.map(rowOf)))
  const after = afterHelpOf(command)
  if (after.notes !== '') parts.push(after.notes)
  if (after.examples !== '') parts.push(`\`\`\`console\n${after.examples}\n\`\`\``)
  return parts.join('\n\n')
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** Short and plural forms of the noun, where it has some. */
function forms(command: Command): string {
  const aliases = [...(command.parent?.aliases() ?? []), ...command.aliases()]
  return aliases.length > 0 ? ` Also: ${aliases.map(code).join(', ')}.` : ''
}

function usageOf(command: Command): string {
  return `${pathOf(command).replace('twinlatch ', '')} ${command.usage()}`.trim()
}

function rowOf(option: Option): readonly string[] {
  const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : ''
  const preset =
    typeof option.defaultValue === 'string' ? `; default ${code(option.defaultValue)}` : ''
  const needed = option.mandatory ? '; required' : ''
  return [code(option.flags), `${option.description}${choices}${preset}${needed}`]
}

/** Help texts stand behind the generated part; they are caught while help is written. */
function afterHelpOf(command: Command): { notes: string; examples: string } {
  let whole = ''
  const before = command.configureOutput()
  command.configureOutput({
    writeOut: (text) => {
      whole += text
    },
  })
  command.outputHelp()
  command.configureOutput(before)
  const after = whole.replace(command.helpInformation(), '')
  const [notes = '', examples = ''] = after.split(/\n?Examples?:\n/)
  return {
    notes: notes.trim(),
    examples: examples
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => `$ ${line.trim()}`)
      .join('\n'),
  }
}

function notBuiltOf(command: Command): readonly string[] {
  return command.commands.flatMap((child) =>
    isHidden(child) && child.name() !== '__complete'
      ? [pathOf(child).replace('twinlatch ', '')]
      : notBuiltOf(child),
  )
}
