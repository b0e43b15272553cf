import type { Command } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { childNamed } from '../command-tree.ts'
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
        (parent, word) => parent && childNamed(parent, word),
        program,
      )
      if (!found) {
        throw new CliError(`There is no command "${words.join(' ')}".`, {
          exitCode: exitCodes.usage,
        })
      }
      found.outputHelp()
    })
}

async function explainCodes(code: string | undefined, terminal: Terminal): Promise<void> {
  const [{ codeBook, stageOfCode }, { findingTitles }] = await Promise.all([
    import('@twinlatch/trust'),
    import('@twinlatch/pki'),
  ])
  const codes = Object.keys(stageOfCode) as (keyof typeof stageOfCode)[]
  if (code === undefined) {
    const decisions = codes.map((each) => [each, stageOfCode[each], codeBook[each].title])
    const findings = [...findingTitles].map(([each, title]) => [each, 'inspect', title])
    terminal.out(alignColumns([...decisions, ...findings]))
    return
  }
  const wanted = code.toUpperCase()
  const finding = [...findingTitles].find(([each]) => each === wanted)
  if (finding) {
    terminal.out(`${finding[0]}   ${finding[1]}   (finding of cert inspect)`)
    return
  }
  const known = codes.find((each) => each === wanted)
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
