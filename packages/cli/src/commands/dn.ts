import { existsSync, readFileSync } from 'node:fs'
import type { Name, NameComparison } from '@twinlatch/pki'
import { type Command, Option } from 'commander'
import { Exit, exitCodes } from '../cli-error.ts'
import type { Terminal } from '../terminal.ts'

interface DnOptions {
  readonly order: 'rfc' | 'der'
  readonly json?: boolean
}

const spellings = [
  ['RFC 2253', 'rfc2253'],
  ['openssl 3', 'openssl'],
  ['slash', 'slash'],
  ['Java', 'java'],
] as const

/** `dn show` and `dn compare`: names in every common spelling, offline (console-and-cli.md §7). */
export function addDnCommands(program: Command, terminal: Terminal): void {
  const dn = program.command('dn').description('distinguished names: show, compare')
  const order = () =>
    new Option('--order <order>', 'how comma-separated names are read: rfc (leaf first) or der')
      .choices(['rfc', 'der'])
      .default('rfc')

  dn.command('show')
    .description('print the subject of a certificate, or a name, in every spelling')
    .argument('<name|certificate>', 'a name in any spelling, or a certificate file')
    .addOption(order())
    .option('--json', 'machine-readable')
    .action((input: string, options: DnOptions) => showName(input, options, terminal))

  dn.command('compare')
    .description('tell whether two names are the same, and where they differ')
    .argument('<a>')
    .argument('<b>')
    .addOption(order())
    .option('--json', 'machine-readable')
    .addHelpText('after', '\nExit code 0: the same name; 1: different names.')
    .action((a: string, b: string, options: DnOptions) => compare(a, b, options, terminal))
}

interface ReadName {
  readonly name: Name
  readonly spelling: string
  readonly warnings: readonly string[]
}

async function showName(input: string, options: DnOptions, terminal: Terminal): Promise<void> {
  const { formatName } = await import('@twinlatch/pki')
  const names = existsSync(input) ? await readFile(input) : [await readName(input, options)]
  for (const { name, warnings } of names) {
    for (const warning of warnings) terminal.note(`${terminal.symbols.warn} ${warning}`)
    if (options.json) {
      const forms = spellings.map(([, spelling]) => [spelling, formatName(name, spelling)])
      terminal.out(JSON.stringify(Object.fromEntries(forms), null, 2))
      continue
    }
    for (const [title, spelling] of spellings) {
      terminal.out(`${title.padEnd(10)} ${formatName(name, spelling)}`)
    }
  }
}

async function readFile(file: string): Promise<readonly ReadName[]> {
  const { parseCertificates } = await import('@twinlatch/pki')
  return parseCertificates(readFileSync(file))
    .slice(0, 1)
    .map(({ subject }) => ({ name: subject, spelling: 'certificate', warnings: [] }))
}

async function readName(text: string, options: DnOptions): Promise<ReadName> {
  const { parseDistinguishedName } = await import('@twinlatch/pki')
  return parseDistinguishedName(text, { order: options.order })
}

const spellingTitles: ReadonlyMap<string, string> = new Map([
  ['rfc2253', 'RFC 2253'],
  ['openssl', 'OpenSSL'],
  ['slash', 'slash form'],
  ['node', 'Node'],
])

async function compare(
  a: string,
  b: string,
  options: DnOptions,
  terminal: Terminal,
): Promise<void> {
  const { compareNames, formatName } = await import('@twinlatch/pki')
  const left = await readName(a, options)
  const right = await readName(b, options)
  const result = compareNames(left.name, right.name)
  if (options.json) terminal.out(JSON.stringify(result, null, 2))
  else terminal.out(describe(result, left, right, formatName(left.name)))
  if (!result.equal) throw new Exit(exitCodes.failed)
}

function describe(
  result: NameComparison,
  left: ReadName,
  right: ReadName,
  display: string,
): string {
  const spelt = [left, right].map(({ spelling }) => spellingTitles.get(spelling) ?? spelling)
  if (result.equal) {
    const how =
      spelt[0] === spelt[1] ? 'same name' : `same name, different spelling (${spelt.join(' / ')})`
    return `${how}     ${display}`
  }
  if (result.relation === 'reversed') {
    return (
      'DIFFERENT names in RFC 2253 reading: the order of parts is reversed.\n' +
      'If the second came from a tool that prints in certificate order, say --order=der: then they are the same.'
    )
  }
  const lines = result.differences.map(
    ({ index, left: a, right: b }) => `  RDN ${index}: ${a ?? '(absent)'} / ${b ?? '(absent)'}`,
  )
  const folded =
    result.relation === 'same-folded'
      ? ['  They are equal only under RFC 5280 folding (case, blanks); policies compare exactly.']
      : []
  return ['DIFFERENT names', ...lines, ...folded].join('\n')
}
