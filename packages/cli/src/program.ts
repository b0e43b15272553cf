import { Command } from 'commander'
import { addApplyCommands } from './commands/apply.ts'
import { addBindingCommands } from './commands/binding.ts'
import { addCaCommands } from './commands/ca.ts'
import { addCertCommands } from './commands/cert.ts'
import { addHelpCommand } from './commands/codes.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addDemoCommand } from './commands/demo.ts'
import { addDestinationCommands } from './commands/destination.ts'
import { addDnCommands } from './commands/dn.ts'
import { addExplainCommand } from './commands/explain.ts'
import { addGatewayCommands } from './commands/gateway.ts'
import { addGetCommand } from './commands/get.ts'
import { addHostsCommand } from './commands/hosts.ts'
import { addKeystoreCommands } from './commands/keystore.ts'
import { addRunCommand } from './commands/run.ts'
import { addStatusCommands } from './commands/status.ts'
import { addStoreCommands } from './commands/store.ts'
import { addSubaccountCommands } from './commands/subaccount.ts'
import { addUpCommand } from './commands/up.ts'
import { addVersionCommand } from './commands/version.ts'
import { addExamples } from './help-examples.ts'
import { addNotBuiltCommands } from './not-built.ts'
import type { Terminal } from './terminal.ts'
import { programVersion } from './version.ts'

/** The order of help: workflows first, then things, then the rest. */
const groups = [
  addUpCommand,
  addStatusCommands,
  addRunCommand,
  addDemoCommand,
  addHostsCommand,
  addApplyCommands,
  addGetCommand,
  addExplainCommand,
  addCertCommands,
  addCaCommands,
  addKeystoreCommands,
  addDestinationCommands,
  addBindingCommands,
  addSubaccountCommands,
  addGatewayCommands,
  addStoreCommands,
  addDnCommands,
  addVersionCommand,
  addCompletionCommand,
  addHelpCommand,
] as const

/** The whole command tree of console-and-cli.md section 5.2; what is not built says so. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('twinlatch')
    .description('Mutual TLS end to end: issue, keep, present, verify, authorize, serve, explain.')
    .version(programVersion(), '--version')
    .helpCommand(false)
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for usage)')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
  for (const add of groups) add(program, terminal)
  addNotBuiltCommands(program)
  addExamples(program)
  inheritSettings(program)
  return program
}

/** Commander takes settings over only for commands made after they were set. */
function inheritSettings(command: Command): void {
  command.exitOverride()
  for (const child of command.commands) {
    child.copyInheritedSettings(command)
    inheritSettings(child)
  }
}
