import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseManifests } from '@twinlatch/gateway'
import { describe, expect, test } from 'vitest'
import { createProgram } from '../../packages/cli/src/program.ts'
import { commandsIn, faultsOf } from '../../packages/cli/src/reference/command-line.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function markdownBelow(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.includes('node_modules'))
    .map((file) => join(folder, file))
    .sort()
}

const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ...markdownBelow('docs'),
  ...markdownBelow('examples'),
  ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}/README.md`),
].filter((file) => existsSync(join(root, file)))

const textOf = (file: string) => readFileSync(join(root, file), 'utf8')

interface Block {
  readonly file: string
  readonly language: string
  readonly text: string
}

/** Fenced code of a page. */
function blocksOf(file: string): readonly Block[] {
  return [...textOf(file).matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(
    ([, language = '', text = '']) => ({ file, language, text }),
  )
}

const blocks = pages.flatMap(blocksOf)

const program = createProgram({
  out: () => {},
  note: () => {},
  symbols: { pass: '✓', fail: '✕', skip: '–', warn: '⚠' },
})

/** In a console block only lines behind a prompt are typed; the rest is what was answered. */
function typedIn({ language, text }: Block): string {
  if (language !== 'console') return text
  const lines = text.split('\n')
  return lines
    .filter((line, index) => line.startsWith('$ ') || lines[index - 1]?.endsWith('\\'))
    .join('\n')
}

const commands = blocks
  .filter(({ language }) => ['console', 'sh', 'bash', ''].includes(language))
  // Usage lines of the reference are no command lines.
  .filter(({ file, language }) => file !== 'docs/reference/commands.md' || language === 'console')
  .flatMap((block) => commandsIn(typedIn(block)).map((words) => ({ file: block.file, words })))
  .map(({ file, words }) => ({ file, words, line: words.join(' ') }))

describe('commands', () => {
  test('are found in the README', () => {
    expect(commands.filter(({ file }) => file === 'README.md').length).toBeGreaterThan(7)
  })

  test.each(commands)('$file: twinlatch $line', ({ words }) => {
    expect(faultsOf(program, words)).toEqual([])
  })

  const inline = pages.flatMap((file) =>
    [
      ...textOf(file)
        .replaceAll(/^```[\s\S]*?^```$/gm, '')
        .matchAll(/`(twinlatch [^`]+)`/g),
    ].map(([, line = '']) => ({ file, line })),
  )

  test.each(inline)('$file, in passing: $line', ({ line }) => {
    const [words = []] = commandsIn(line)
    // In passing a command may be named without its arguments, which stand for themselves.
    expect(faultsOf(program, words).filter((fault) => !/ needs /.test(fault))).toEqual([])
  })
})

describe('paths', () => {
  /** What a page names in backticks and looks like a file or folder of this repository. */
  const named = pages.flatMap((file) =>
    [...textOf(file).matchAll(/`((?:docs|examples|packages|tests|bench)\/[\w./*-]+)`/g)].map(
      ([, path = '']) => ({ file, path }),
    ),
  )
  const linked = pages.flatMap((file) =>
    [...textOf(file).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path = '']) => ({
      file,
      path: relative(root, join(root, dirname(file), path)),
    })),
  )

  test.each([...named, ...linked])('$file names $path, which exists', ({ path }) => {
    // `x*.test.ts` names a family; its folder and one member must exist.
    if (!path.includes('*')) return expect(existsSync(join(root, path))).toBe(true)
    const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`)
    const folder = dirname(path.slice(0, path.indexOf('*') + 1))
    const found = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    expect(found.some((name) => pattern.test(join(folder, name)))).toBe(true)
  })
})

describe('decisions', () => {
  const files = readdirSync(join(root, 'docs/decisions')).sort()

  test.each(files)('%s has its number, a title, context, choice and cost', (file) => {
    const text = textOf(`docs/decisions/${file}`)
    const [, number] = /^(\d{4})-[a-z0-9-]+\.md$/.exec(file) ?? []
    expect(text).toMatch(new RegExp(`^# ${number}: \\S`))
    for (const part of ['Context', 'Choice', 'Cost']) {
      expect(text, part).toMatch(new RegExp(`^(\\*\\*${part}\\.\\*\\*|## ${part})`, 'm'))
    }
  })

  test('are numbered without gaps or doubles', () => {
    expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(
      files.map((_, index) => index + 1),
    )
  })
})

describe('code', () => {
  const typescript = blocks.filter(({ language }) => ['ts', 'typescript'].includes(language))

  test.skipIf(typescript.length === 0)('marked ts compiles as it stands', () => {
    const folder = mkdtempSync(join(root, 'tests', '.docs-'))
    try {
      typescript.forEach(({ text }, index) => {
        writeFileSync(join(folder, `block-${index}.ts`), `${text}\nexport {}\n`)
      })
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({ extends: '../../tsconfig.tests.json', include: ['*.ts'], references: [] }),
      )
      execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { encoding: 'utf8' })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  const manifests = blocks.filter(
    ({ language, text }) => language === 'yaml' && /^apiVersion/m.test(text),
  )

  test.each(manifests)('a manifest in $file is one that can be applied', ({ file, text }) => {
    const { documents, problems } = parseManifests([{ name: file, text }])
    expect(problems).toEqual([])
    expect(documents.length).toBeGreaterThan(0)
  })

  test('is marked with a language that somebody checks or reads', () => {
    const known = ['', 'console', 'sh', 'ts', 'typescript', 'yaml', 'json', 'js', 'text']
    const others = blocks.filter(({ language }) => !known.includes(language))
    expect(others.map(({ file, language }) => `${file}: ${language}`)).toEqual([])
  })
})
