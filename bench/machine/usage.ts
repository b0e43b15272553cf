import { readFileSync } from 'node:fs'

/** CPU seconds are counted in ticks of this many per second on every Linux this runs on. */
const ticksPerSecond = 100

/** A process and everything below it, as far as it still lives. */
export function processTree(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => processTree(Number(child)))]
}

/** CPU seconds that a process and its children have used, user and system. */
export function cpuSeconds(pid: number): number {
  let ticks = 0
  for (const each of processTree(pid)) {
    const fields = read(`/proc/${each}/stat`)
      .replace(/^.*\) /, '')
      .split(' ')
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
  }
  return ticks / ticksPerSecond
}

/** Proportional memory of a process and its children in MB: shared pages count once. */
export function memoryMb(pid: number): number {
  let kilobytes = 0
  for (const each of processTree(pid)) {
    const found = /^Pss:\s+(\d+)/m.exec(read(`/proc/${each}/smaps_rollup`))
    kilobytes += Number(found?.[1] ?? 0)
  }
  return Math.round(kilobytes / 102.4) / 10
}

/** CPU seconds that the whole machine has been busy. */
export function machineCpuSeconds(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0, stolen = 0] =
    read('/proc/stat').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? []
  return (user + nice + system + irq + softIrq + stolen) / ticksPerSecond
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process ended between two looks at it.
    return ''
  }
}
