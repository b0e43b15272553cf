import { Command, Option } from 'commander'
import { describe, expect, test } from 'vitest'
import { commandsIn, faultsOf } from './command-line.ts'

const program = new Command('twinlatch').enablePositionalOptions()
const cert = program.command('cert').alias('certs')
cert
  .command('issue')
  .argument('<name>')
  .option('--days <n>')
  .option('--force')
  .addOption(new Option('--profile <p>').choices(['client', 'server']))
program.command('apply').requiredOption('-f, --filename <file>')
program.command('run').argument('<command...>').option('--home <dir>').passThroughOptions()
program.command('policy', { hidden: true })

describe('commands in shell text', () => {
  test.each([
    ['$ twinlatch cert issue a', [['cert', 'issue', 'a']]],
    ['twinlatch cert issue a < pw.txt > out', [['cert', 'issue', 'a']]],
    ['twinlatch a | twinlatch b -f -', [['a'], ['b', '-f', '-']]],
    ['twinlatch a \\\n    --b c', [['a', '--b', 'c']]],
    ['eval "$(twinlatch a)"; twinlatch b', [['a'], ['b']]],
    ['source <(twinlatch a b)', [['a', 'b']]],
    ["twinlatch a 'b c' \"d e\" f'g'", [['a', 'b c', 'd e', 'fg']]],
    ['sudo twinlatch a  # twinlatch b', [['a']]],
    ['twinlatch', [[]]],
    ['cat twinlatch.db .twinlatch/x twinlatch-demo', []],
    ['the twinlatch command', []],
  ])('%s', (text, words) => {
    expect(commandsIn(text)).toEqual(words)
  })
})

describe('faults of a command line', () => {
  test.each([
    'cert issue a',
    'certs issue a --days 3 --force',
    'cert issue a --profile=server',
    'cert issue --help x',
    'apply -f -',
    'run -- node --inspect app.js',
    'run --home x node --inspect',
  ])('none: %s', (line) => {
    expect(faultsOf(program, line.split(' '))).toEqual([])
  })

  test.each([
    ['crt issue a', 'no command "crt"'],
    ['cert', 'no command ""'],
    ['cert issue', 'needs 1 arguments'],
    ['cert issue a b', 'takes 1 arguments'],
    ['cert issue a --dais', 'no flag --dais'],
    ['cert issue a --days', '--days needs a value'],
    ['cert issue a --profile serve', 'not serve'],
    ['apply', 'needs --filename'],
    ['policy', 'not built'],
  ])('%s: %s', (line, fault) => {
    expect(faultsOf(program, line.split(' '))).toEqual([expect.stringContaining(fault)])
  })
})
