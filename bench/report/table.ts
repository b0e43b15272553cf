import { figureOf, isMemory, type Ratio } from './ratios.ts'
import type { Row } from './summary.ts'
import type { BenchResult } from './write-results.ts'

/** The results as Markdown, ratios first: absolute figures differ between machines and hours. */
export function markdownOf(result: BenchResult): string {
  const { rows, ratios, machine } = result
  const dirty = rows.reduce((sum, row) => sum + row.dirtyRounds, 0)
  const rounds = rows.reduce((sum, row) => sum + row.rounds, 0)
  const faults = rows.reduce((sum, row) => sum + row.faults, 0)
  return `# Results

${machine.cores} cores, ${machine.cpu}, Linux ${machine.kernel}, ${machine.date}${result.quick ? ', a quick run' : ''}${machine.pinned ? '' : ', not pinned to cores'}.
${rounds} rounds, ${dirty} of them **DIRTY** (other programs used more than 0.15 of a core), ${faults} faults (broken connections and answers that were no success).
${dirty * 2 > rounds ? '\nMost of this run is **DIRTY**: only the column "per CPU second" means something, and not much.\n' : ''}
## Ours by theirs

Above 1 we do more than the peer in the same run; for memory, need less.

| run | ours | peer | ratio | 95 % | per CPU second |
|---|---|---|---|---|---|
${ratios.map(ratioLine).join('\n')}

![Ours by theirs](plot.svg)

## Figures

Medians; dirty rounds are left out where a clean one is left.

| run | contender | figure | p50 ms | p99 ms | per CPU second | CPU s of the proxy | memory MB | resumed | dirty rounds |
|---|---|---|---|---|---|---|---|---|---|
${rows.map(figureLine).join('\n')}

## Who they are, and what they compute once

| contender | program | remembers |
|---|---|---|
${result.contenders.map(({ name, program, caches }) => `| ${name} | ${program} | ${caches} |`).join('\n')}
${result.skipped.map((line) => `\nSkipped: ${line}`).join('')}
`
}

function ratioLine({ run, ours, peer, ratio, range, perCpuSecond }: Ratio): string {
  const between = range ? `${range[0].toFixed(2)} to ${range[1].toFixed(2)}` : ''
  return `| ${run} | ${ours} | ${peer} | **${ratio.toFixed(2)}** | ${between} | ${perCpuSecond?.toFixed(2) ?? ''} |`
}

function figureLine(row: Row): string {
  const resumed = row.reused > 0 ? `${Math.round((100 * row.reused) / row.handshakes)} %` : ''
  const cells = [
    row.run,
    row.contender,
    `**${Math.round(figureOf(row))}**`,
    ...(isMemory(row.run) ? ['', '', ''] : [row.p50Ms, row.p99Ms, row.perCpuSecond]),
    ...[row.cpuSeconds, row.memoryMb, resumed, `${row.dirtyRounds} of ${row.rounds}`],
  ]
  return `| ${cells.join(' | ')} |`
}
