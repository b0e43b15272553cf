import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Finding, runOne } from './engine.ts'
import { targets } from './targets.ts'
import { runWatched } from './watchdog.ts'

const usage = `node tests/fuzz/run.ts [--parser NAME]… [--inputs N] [--seed S] [--file INPUT]

Runs N (1 000 000) mutated inputs through every parser of foreign input, or through those named.
What a parser may do: accept, or refuse with an error of its package, in 100 ms of the processor.
Anything else is written to a file, and the exit code is 1. --file runs one such file again.
Parsers: ${targets.map(({ name }) => name).join(' ')}`

/** Of one fault there may be thousands of inputs: the first ones say enough. */
const filesPerFaultMax = 2

const { values } = parseArgs({
  options: {
    parser: { type: 'string', multiple: true },
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
    file: { type: 'string' },
    help: { type: 'boolean' },
  },
})
const chosen = targets.filter(({ name }) => values.parser?.includes(name) ?? true)
const [inputs, seed] = [Number(values.inputs), Number(values.seed)]
const unknown = values.parser?.filter((name) => !targets.some((target) => target.name === name))
if (values.help || unknown?.length || !Number.isInteger(inputs) || !Number.isInteger(seed)) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = values.help ? 0 : 2
} else if (values.file !== undefined) await replay(values.file)
else await runAll()

async function replay(file: string): Promise<void> {
  for (const target of chosen) {
    // Some targets make the keys that their parser needs together with their corpus.
    await target.corpus()
    const { accepted, tookMs, fault } = await runOne(target, readFileSync(file))
    const verdict = fault ?? (accepted ? 'accepted' : 'refused')
    process.stdout.write(`${target.name}: ${verdict}, ${tookMs.toFixed(1)} ms\n`)
  }
}

async function runAll(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'twinlatch-fuzz-'))
  for (const { name } of chosen) {
    const faults = new Map<string, number>()
    const begin = process.hrtime.bigint()
    const tally = await runWatched({
      ...{ target: name, seed, inputs },
      onFinding(finding) {
        const key = `${finding.kind} ${finding.detail.replaceAll(/\d+/g, 'N')}`
        const count = (faults.get(key) ?? 0) + 1
        faults.set(key, count)
        if (count <= filesPerFaultMax) report(finding, directory)
      },
    })
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9
    const found = [...faults.values()].reduce((sum, count) => sum + count, 0)
    process.stdout.write(
      `${name}: ${tally.inputs} inputs, ${tally.accepted} accepted, slowest ` +
        `${tally.slowestMs.toFixed(1)} ms, ${found} findings, ${seconds.toFixed(0)} s\n`,
    )
    if (found > 0) process.exitCode = 1
  }
}

function report(finding: Finding, directory: string): void {
  const { target, kind, detail, index } = finding
  const file = join(directory, `${target}-${kind}-${seed}-${index}`)
  writeFileSync(file, finding.input)
  process.stdout.write(`${target}: ${kind}: ${detail}\n  seed ${seed}, input ${index}, ${file}\n`)
}
