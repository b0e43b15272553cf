import type { Command, Option } from 'commander'
import { childNamed, isHidden } from '../command-tree.ts'

/** The `twinlatch` commands in a piece of shell text, as words; redirections and pipes end one. */
export function commandsIn(shell: string): readonly (readonly string[])[] {
  const joined = shell.replaceAll(/\\\n\s*/g, ' ')
  const starts = joined.matchAll(
    /(?<=^\s*(?:\$ )?(?:sudo )?|[|(]\s*|;\s*|then )twinlatch\b(?![-./])/gm,
  )
  return [...starts].map(({ index }) => wordsFrom(joined.slice(index)).slice(1))
}

/** One word: quoted pieces and bare ones together, up to a blank or an operator. */
const word = /^[ \t]*((?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\|<>();&#]|(?<=\S)#)+)/

function wordsFrom(text: string): readonly string[] {
  const words: string[] = []
  for (let rest = text; ; ) {
    const found = word.exec(rest)
    if (!found?.[1]) return words
    words.push(found[1].replaceAll(/"((?:[^"\\]|\\.)*)"|'([^']*)'/g, '$1$2'))
    rest = rest.slice(found[0].length)
  }
}

/**
 * What is wrong with `words` as a command line of `program`: unknown commands, flags and choices,
 * arguments too few or too many, commands that are not built. Nothing is run.
 */
export function faultsOf(program: Command, words: readonly string[]): readonly string[] {
  const { command, rest, fault } = findCommand(program, words)
  if (fault !== null) return [fault]
  const { operands, given, faults } = readWords(command, rest)
  const needed = command.registeredArguments.filter(({ required }) => required).length
  const most = command.registeredArguments.some(({ variadic }) => variadic)
    ? Number.POSITIVE_INFINITY
    : command.registeredArguments.length
  const count = operands.length
  return [
    ...faults,
    ...(count < needed ? [`${command.name()} needs ${needed} arguments, not ${count}`] : []),
    ...(count > most ? [`${command.name()} takes ${most} arguments, not ${count}`] : []),
    ...command.options
      .filter(({ mandatory, long }) => mandatory && !given.has(long ?? ''))
      .map(({ long }) => `${command.name()} needs ${long}`),
  ]
}

function findCommand(
  program: Command,
  words: readonly string[],
): { command: Command; rest: readonly string[]; fault: string | null } {
  let command = program
  let rest = words
  while (command.commands.length > 0) {
    const [name = ''] = rest
    if (name.startsWith('-') && command === program) break
    const next = childNamed(command, name)
    if (!next) return { command, rest, fault: `${command.name()} has no command "${name}"` }
    command = next
    rest = rest.slice(1)
  }
  const hidden = isHidden(command) ? `"${command.name()}" is not built or not for people` : null
  return { command, rest, fault: hidden }
}

function readWords(command: Command, words: readonly string[]) {
  const operands: string[] = []
  const faults: string[] = []
  const given = new Set<string>()
  for (let index = 0; index < words.length; index += 1) {
    const each = words[index] ?? ''
    // What follows belongs to somebody else, or is no flag.
    if (each === '--' || (command.name() === 'run' && !each.startsWith('-'))) {
      operands.push(...words.slice(each === '--' ? index + 1 : index))
      break
    }
    if (each === '-' || !each.startsWith('-')) {
      operands.push(each)
      continue
    }
    const [flag = '', attached] = each.split(/=(.*)/s)
    const option = optionOf(command, flag)
    if (option === 'help') continue
    if (option === null) {
      faults.push(`${command.name()} has no flag ${flag}`)
      continue
    }
    given.add(option.long ?? '')
    if (!option.required && !option.optional) continue
    if (attached === undefined) index += 1
    const value = attached ?? words[index]
    if (value === undefined) faults.push(`${flag} needs a value`)
    else if (option.argChoices && !option.argChoices.includes(value)) {
      faults.push(`${flag} takes ${option.argChoices.join(', ')}, not ${value}`)
    }
  }
  return { operands, given, faults }
}

function optionOf(command: Command, flag: string): Option | 'help' | null {
  if (flag === '--help' || flag === '-h') return 'help'
  return command.options.find(({ short, long }) => short === flag || long === flag) ?? null
}
