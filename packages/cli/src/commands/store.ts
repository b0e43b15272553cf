import { type Command, Option } from 'commander'
import { CliError, exitCodes } from '../cli-error.ts'
import { findHome } from '../home.ts'
import type { Terminal } from '../terminal.ts'

interface HomeOptions {
  readonly home?: string
}

interface CopyCommandOptions {
  readonly from?: string
  readonly fromFile?: string
  readonly to?: string
  readonly toFile?: string
}

/** `store copy`, `backup` and `rekey`: the database as a whole, without a server. */
export function addStoreCommands(program: Command, terminal: Terminal): void {
  const store = program
    .command('store')
    .description('the database of an installation: backup, copy, rekey')
  addBackup(store, terminal)
  addCopy(store, terminal)
  addRekey(store, terminal)
}

function addBackup(store: Command, terminal: Terminal): void {
  withHome(store.command('backup').argument('<file>', 'where the backup goes'))
    .description('write all that is stored into one file, also while a server runs')
    .option('--force', 'overwrite an existing file')
    .action(async (file: string, options: HomeOptions & { force?: boolean }) => {
      const { backUpStore } = await import('../store-work.ts')
      const home = findHome(options.home)
      const rows = await backUpStore(home, file, options.force === true)
      terminal.out(`${terminal.symbols.pass} ${rows} rows written to ${file}`)
      terminal.note(`It opens with the master key only, which is not in it: ${home.masterKey}`)
    })
}

function addCopy(store: Command, terminal: Terminal): void {
  store
    .command('copy')
    .description('move an installation: copy everything into another, empty database')
    .addOption(new Option('--from <url>', 'sqlite:FILE or postgres://… without a password'))
    .addOption(new Option('--from-file <file>', 'file that holds the URL').conflicts('from'))
    .addOption(new Option('--to <url>', 'sqlite:FILE or postgres://… without a password'))
    .addOption(new Option('--to-file <file>', 'file that holds the URL').conflicts('to'))
    .addHelpText(
      'after',
      '\nOf the two, the one left out is TWINLATCH_DATABASE_URL. Stop every server on the source first.',
    )
    .action(async (options: CopyCommandOptions) => {
      const { from, fromFile, to, toFile } = options
      if (!(from ?? fromFile ?? to ?? toFile)) throw bothMissing()
      const { chooseDatabase, copyStores } = await import('../store-work.ts')
      const tables = await copyStores(
        chooseDatabase(from, fromFile, '--from'),
        chooseDatabase(to, toFile, '--to'),
      )
      const rows = tables.reduce((sum, table) => sum + table.rows, 0)
      terminal.out(`${terminal.symbols.pass} ${rows} rows of ${tables.length} tables copied`)
      terminal.note('The copy opens with the master key of the source.')
    })
}

function addRekey(store: Command, terminal: Terminal): void {
  withHome(store.command('rekey'))
    .description('replace the master key; everything stored stays readable')
    .option('--keep-former <file>', 'keep the former key in this file, for older backups')
    .action(async (options: HomeOptions & { keepFormer?: string }) => {
      const { rekeyHome } = await import('../store-work.ts')
      const home = findHome(options.home)
      const count = await rekeyHome(home, options.keepFormer ?? null)
      terminal.out(
        `${terminal.symbols.pass} ${home.masterKey} replaced; ${count} data keys wrapped anew`,
      )
      terminal.note(
        options.keepFormer === undefined
          ? 'Backups from before need the former key, which is gone: make a new one now.'
          : `Backups from before open with the key in ${options.keepFormer}.`,
      )
    })
}

function withHome(command: Command): Command {
  return command.option(
    '--home <dir>',
    'home of the installation (default: the nearest .twinlatch)',
  )
}

function bothMissing(): CliError {
  return new CliError('Copy from where, and to where?', {
    exitCode: exitCodes.usage,
    cure: 'Give --from or --from-file, and --to or --to-file; one of them may be TWINLATCH_DATABASE_URL.',
  })
}
