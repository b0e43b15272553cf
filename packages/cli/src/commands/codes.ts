import type { Command } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { alignColumns, type Terminal } from '../terminal.ts'

/** `help [command]` and `help codes [CODE]`. */
export function addHelpCommand(program: Command, terminal: Terminal): void {
  program
    .command('help')
    .argument('[command...]')
    .description('help on a command, or on the reason codes: help codes [CODE]')
    .action(async (words: readonly string[]) => {
      if (words[0] === 'codes') return explainCodes(words[1], terminal)
      const found = words.reduce<Command | undefined>(
        (parent, word) =>
          parent?.commands.find((command) => [command.name(), ...command.aliases()].includes(word)),
        program,
      )
      if (!found) {
        throw new CliError(`There is no command "${words.join(' ')}".`, {
          exitCode: exitCodes.usage,
        })
      }
      terminal.out(found.helpInformation().trimEnd())
    })
}

async function explainCodes(code: string | undefined, terminal: Terminal): Promise<void> {
  const { codeBook, stageOfCode } = await import('@twinlatch/trust')
  const codes = Object.keys(stageOfCode) as (keyof typeof stageOfCode)[]
  if (code === undefined) {
    terminal.out(alignColumns(codes.map((each) => [each, stageOfCode[each], codeBook[each].title])))
    return
  }
  const known = codes.find((each) => each === code.toUpperCase())
  if (!known) {
    throw new CliError(`There is no code "${code}".`, {
      exitCode: exitCodes.usage,
      cure: 'List them with: twinlatch help codes',
    })
  }
  const { title, meaning, cure } = codeBook[known]
  terminal.out(`${known}   ${title}   (stage ${stageOfCode[known]})`)
  terminal.out(`  ${meaning}`)
  terminal.out(`  → ${cure}`)
}
