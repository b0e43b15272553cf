import type { Command } from 'commander'

/** Whether help leaves the command out: what is not built yet, and what only shells ask. */
export function isHidden(command: Command): boolean {
  const { parent } = command
  return parent !== null && !parent.createHelp().visibleCommands(parent).includes(command)
}

/** The child that `word` names, by its name or another form of it. */
export function childNamed(command: Command, word: string): Command | undefined {
  return command.commands.find((child) => [child.name(), ...child.aliases()].includes(word))
}

/** Name with those of its parents, as it is typed. */
export function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** Every command that does something, in the order of help; hidden ones are not among them. */
export function visibleLeavesOf(command: Command): readonly Command[] {
  if (isHidden(command)) return []
  return command.commands.length > 0 ? command.commands.flatMap(visibleLeavesOf) : [command]
}
