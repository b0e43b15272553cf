import type { Command } from 'commander'
import { beforeEach, describe, expect, test } from 'vitest'
import { exitCodes } from './cli-error.ts'
import { childNamed, pathOf, visibleLeavesOf } from './command-tree.ts'
import { createProgram } from './program.ts'
import { commandsIn, faultsOf } from './reference/command-line.ts'
import type { Terminal } from './terminal.ts'

/** The tree of console-and-cli.md section 5.2, as it stands there; short forms in parentheses. */
const tree = `
up down status open version completion help config context
run init
apply diff delete get describe export wait
render
import
ca: list create show bundle rotate crl trust
cert: issue sign list show inspect verify convert split renew revoke rotate diff expiring
dn: show compare match
xfcc
destination (dest): list get create edit import export lint check call find
keystore (ks): list upload download delete passwd-check
binding: create list show rotate delete
gateway (gw): list show hosts handshakes
route (match) workload function (fn)
policy
api
subaccount: list create delete prove-isolation
logs
explain
probe
doctor
lint
audit
demo hosts
`

interface Entry {
  readonly noun: string
  readonly verb: string | null
}

/** Every command of the tree, each name and short form by itself. */
const entries: readonly Entry[] = tree
  .trim()
  .split('\n')
  .flatMap((line): readonly Entry[] => {
    const [nouns = '', verbs] = line.split(':')
    const names = nouns.replaceAll(/[()]/g, '').trim().split(/\s+/)
    if (verbs === undefined) return names.map((noun) => ({ noun, verb: null }))
    return names.flatMap((noun) =>
      verbs
        .trim()
        .split(/\s+/)
        .map((verb) => ({ noun, verb })),
    )
  })

let said: string[]
const terminal: Terminal = {
  out: (text) => said.push(text),
  note: (text) => said.push(text),
  symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
}
beforeEach(() => {
  said = []
})

const program = createProgram(terminal)

function find(parent: Command, name: string | null): Command | undefined {
  return name === null ? parent : childNamed(parent, name)
}

describe('the tree', () => {
  test('was read from the specification', () => {
    expect(entries.length).toBeGreaterThan(80)
  })

  test.each(entries)('has $noun $verb', ({ noun, verb }) => {
    const parent = find(program, noun)
    expect(parent && find(parent, verb), `${noun} ${verb}`).toBeDefined()
  })

  test.each([
    'open',
    'fn deploy',
    'match',
    'api provider',
    'policy test -f x',
    'ks passwd-check a.p12',
  ])('%s is not built: exit code 2, and says so', async (line) => {
    const refused = createProgram(terminal).parseAsync(line.split(' '), { from: 'user' })
    await expect(refused).rejects.toMatchObject({
      exitCode: exitCodes.usage,
      message: expect.stringContaining('is not built yet'),
    })
  })

  test('no name means two commands', () => {
    const visit = (command: Command) => {
      const names = command.commands.flatMap((one) => [one.name(), ...one.aliases()])
      expect(
        names.filter((name, index) => names.indexOf(name) !== index),
        pathOf(command),
      ).toEqual([])
      for (const child of command.commands) visit(child)
    }
    visit(program)
  })
})

const leaves = visibleLeavesOf(program).map((command) => ({ path: pathOf(command), command }))

async function helpOf(path: string): Promise<string> {
  said = []
  const words = [...path.split(' ').slice(1), '--help']
  await createProgram(terminal)
    .parseAsync(words, { from: 'user' })
    .catch(() => {})
  return said.join('\n')
}

describe('help', () => {
  test.each(leaves)('$path: one line, usage and examples', async ({ path, command }) => {
    const help = await helpOf(path)
    expect(command.description()).toMatch(/^\S.{5,100}\S$/)
    expect(help).toContain(`Usage: ${path}`)
    expect(help).toMatch(/\nExamples?:\n {2}\S/)
  })

  test.each(leaves)('the examples of $path are command lines that exist', async ({ path }) => {
    const [, examples = ''] = (await helpOf(path)).split(/\nExamples?:\n/)
    const lines = commandsIn(examples)
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.flatMap((words) => faultsOf(program, words))).toEqual([])
  })

  test.each(leaves)('every flag of $path is explained', ({ command }) => {
    const unexplained = command.options.filter(({ description }) => description === '')
    expect(unexplained.map(({ long }) => long)).toEqual([])
  })

  test('lists what is built and nothing else', async () => {
    const help = await helpOf('twinlatch')
    expect(help).toContain('  explain ')
    expect(help).not.toMatch(/^ {2}(policy|doctor|__complete)/m)
  })

  test.each(['codes', 'codes VAL_EXPIRED', 'codes kst201', 'cert issue', 'ks', ''])(
    'help %s answers',
    async (words) => {
      await createProgram(terminal).parseAsync(['help', ...words.split(' ').filter(Boolean)], {
        from: 'user',
      })
      expect(said.join('')).not.toBe('')
    },
  )

  test.each(['codes NO_SUCH', 'frobnicate', 'cert frobnicate'])(
    'help %s is wrong usage',
    async (words) => {
      await expect(
        createProgram(terminal).parseAsync(['help', ...words.split(' ')], { from: 'user' }),
      ).rejects.toMatchObject({ exitCode: exitCodes.usage })
    },
  )
})

test('no flag takes a secret as its value: a file, standard input or a variable does', () => {
  const secrets = leaves.flatMap(({ path, command }) =>
    command.options
      .filter((option) => option.required || option.optional)
      .filter(
        ({ long }) =>
          /password|secret|token/.test(long ?? '') && !/-file$|--as-secret/.test(long ?? ''),
      )
      .map(({ long }) => `${path} ${long}`),
  )
  expect(secrets).toEqual([])
})

/** Flags that scripts rely on, never renamed: the second table of section 5.2. */
test.each([
  ['up', '--sample --home --port-base --ephemeral --profile -d -o'],
  [
    'cert issue',
    '--ou --user-id --profile --san --days --key-type --format --password-stdin --password-file -o --as-secret --if-missing --json',
  ],
  ['ca bundle', '--as-secret'],
  ['cert inspect', '--password-stdin --password-file -o --fail-on'],
  ['cert list', '-o --watch --no-headers'],
  ['dest list', '-o --watch --no-headers'],
  ['ks list', '-o --watch --no-headers'],
  ['ks upload', '--name --password-stdin --password-file'],
  [
    'dest create',
    '--url --auth --keystore --keystore-password-stdin --keystore-password-file --dynamic --property',
  ],
  ['binding create', '-s --credential-type'],
  ['binding show', '--as'],
  ['explain', '--last --last-denied --stage --listener -o'],
  ['demo', '-o --step --server'],
  ['run', '--server'],
  ['apply', '-f --dry-run --prune --lenient'],
])('%s keeps the flags that scripts rely on', (path, flags) => {
  const [noun = '', verb = null] = path.split(' ')
  const command = find(find(program, noun) ?? program, verb)
  const known = command?.options.flatMap(({ short, long }) => [short, long]) ?? []
  expect(flags.split(' ').filter((flag) => !known.includes(flag))).toEqual([])
})
