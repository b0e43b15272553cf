import { Argument, type Command } from 'commander'
import { childNamed, isHidden } from '../command-tree.ts'
import type { ServerOptions } from '../connection.ts'
import type { Terminal } from '../terminal.ts'

const shells = ['bash', 'zsh', 'fish', 'powershell'] as const
type Shell = (typeof shells)[number]

/** `completion SHELL`: a script that asks the program itself, so that it never goes stale. */
export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>').choices([...shells]))
    .action((shell: Shell) => terminal.out(scripts[shell]))

  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .passThroughOptions()
    .action(async (words: readonly string[]) => {
      const found = await complete(program, words)
      if (found.length > 0) terminal.out(found.join('\n'))
    })
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `_twinlatch() {
  local words
  words=$("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
  [ "\${#COMPREPLY[@]}" -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -F _twinlatch twinlatch tl`,
  zsh: `#compdef twinlatch tl
_twinlatch() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found || _files
}
compdef _twinlatch twinlatch tl`,
  fish: `function __twinlatch_complete
  set -l words (commandline -opc) (commandline -ct)
  $words[1] __complete -- $words[2..-1] 2>/dev/null
end
complete -c twinlatch -a '(__twinlatch_complete)'
complete -c tl -a '(__twinlatch_complete)'`,
  powershell: `Register-ArgumentCompleter -Native -CommandName twinlatch, tl -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = $commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { "$_" }
  if (-not $wordToComplete) { $words = @($words) + '' }
  & $commandAst.CommandElements[0].Value __complete -- @words 2>$null |
    Where-Object { $_ -like "$wordToComplete*" } |
    ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}`,
}

/** Words that may follow; the last of `words` is the one being typed. */
async function complete(program: Command, words: readonly string[]): Promise<readonly string[]> {
  const typed = words.at(-1) ?? ''
  let command = program
  for (const word of words.slice(0, -1)) command = childNamed(command, word) ?? command
  if (typed.startsWith('-')) return command.options.flatMap(({ long }) => long ?? [])
  const before = words.at(-2) ?? ''
  const option = command.options.find(({ short, long }) => short === before || long === before)
  if (option?.required) return option.argChoices ?? []
  if (command.commands.length === 0)
    return [...argumentChoices(command), ...(await liveNames(command))]
  return command.commands.filter((child) => !isHidden(child)).map((child) => child.name())
}

function argumentChoices(command: Command): readonly string[] {
  return command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? [])
}

/** Which list names the argument of a command, by the command's parent. */
const nameSources: ReadonlyMap<string, (server: Server) => Promise<readonly string[]>> = new Map([
  ['cert', async ({ ca }) => (await ca.list()).map(({ name }) => name)],
  ['ca', async ({ ca }) => (await ca.authorities()).map(({ name }) => name)],
  [
    'keystore',
    async (server) =>
      (await server.destinations.listCertificates('subaccount')).map(({ Name }) => Name),
  ],
  [
    'destination',
    async (server) =>
      (await server.destinations.list('subaccount')).flatMap((one) => one['Name'] ?? []),
  ],
  ['binding', async ({ control }) => (await control.bindings.list()).map(({ name }) => name)],
])

type Server = import('../connection.ts').ServerConnection

/** Names that exist on the running server; none when it cannot be asked, since a shell waits. */
async function liveNames(command: Command): Promise<readonly string[]> {
  const source = nameSources.get(command.parent?.name() ?? '')
  if (!source || ['issue', 'create', 'upload', 'import', 'inspect'].includes(command.name()))
    return []
  const { connectTo, findServer } = await import('../connection.ts')
  const options: ServerOptions = {}
  try {
    const server = connectTo(findServer(options))
    try {
      return await source(server)
    } finally {
      await server.close()
    }
  } catch {
    return []
  }
}
