import type { Command } from 'commander'
import { CliError, exitCodes } from './cli-error.ts'

/**
 * The rest of the tree of console-and-cli.md section 5.2: known by name, not built yet. A command
 * leaves this list when it is built.
 */
const nounsNotBuilt = [
  ...[
    'open',
    'config',
    'context',
    'init',
    'diff',
    'describe',
    'export',
    'wait',
    'render',
    'import',
  ],
  ...[
    'logs',
    'probe',
    'doctor',
    'lint',
    'audit',
    'xfcc',
    'route',
    'workload',
    'function',
    'policy',
    'api',
  ],
]

/** Other forms of their names, as the tree gives them. */
const shortForms: ReadonlyMap<string, string> = new Map([
  ['route', 'match'],
  ['function', 'fn'],
])

/** Nouns that have some verbs already, and the verbs they still lack. */
const verbsNotBuilt: ReadonlyMap<string, readonly string[]> = new Map([
  ['ca', ['create', 'show', 'rotate', 'crl', 'trust']],
  ['cert', ['sign', 'convert', 'split', 'renew', 'revoke', 'rotate', 'diff', 'expiring']],
  ['dn', ['match']],
  ['destination', ['edit', 'export', 'lint', 'check', 'call']],
  ['keystore', ['download', 'passwd-check']],
  ['binding', ['rotate', 'delete']],
  ['gateway', ['list', 'show', 'hosts']],
  ['subaccount', ['delete', 'prove-isolation']],
])

/** Adds every command that is not built yet; each ends with exit code 2 and says so. */
export function addNotBuiltCommands(program: Command): void {
  for (const name of nounsNotBuilt) addOne(program, name, name)
  for (const noun of program.commands) {
    for (const verb of verbsNotBuilt.get(noun.name()) ?? [])
      addOne(noun, verb, `${noun.name()} ${verb}`)
  }
}

function addOne(parent: Command, name: string, whole: string): void {
  const command = parent.command(name, { hidden: true })
  const shortForm = parent.parent === null ? shortForms.get(name) : undefined
  if (shortForm !== undefined) command.alias(shortForm)
  command
    .argument('[rest...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(() => {
      throw new CliError(`"twinlatch ${whole}" is not built yet.`, {
        exitCode: exitCodes.usage,
        cure: 'See the status table in the README for what is.',
      })
    })
}
