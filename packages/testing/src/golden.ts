import { AssertionError } from 'node:assert'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Fails unless the file at `path` holds exactly `text`. With `UPDATE_GOLDEN=1` the file is written
 * instead, and the difference is read in review (house-style.md section 5). A missing file fails:
 * a case whose expectation nobody has read is not a test.
 */
export function expectGolden(path: string | URL, text: string): void {
  const file = path instanceof URL ? fileURLToPath(path) : path
  if (process.env['UPDATE_GOLDEN'] === '1') {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
    return
  }
  if (!existsSync(file)) {
    throw new AssertionError({
      message: `there is no golden file ${file}; run the test with UPDATE_GOLDEN=1 and read what it wrote`,
      stackStartFn: expectGolden,
    })
  }
  const expected = readFileSync(file, 'utf8')
  if (expected === text) return
  throw new AssertionError({
    message: `differs from ${file}, first in line ${firstDifferentLine(expected, text)} (UPDATE_GOLDEN=1 rewrites it)`,
    expected,
    actual: text,
    operator: 'strictEqual',
    stackStartFn: expectGolden,
  })
}

function firstDifferentLine(expected: string, actual: string): number {
  const left = expected.split('\n')
  const right = actual.split('\n')
  return left.findIndex((line, index) => line !== right[index]) + 1 || left.length + 1
}
