import { expect, test } from 'vitest'
import { createLogger } from './log.ts'

function capture() {
  const lines: Record<string, unknown>[] = []
  const log = createLogger({
    level: 'info',
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  })
  return { log, lines }
}

test.each([
  [{ password: 'x' }, { password: '[secret]' }],
  [{ a: { clientSecret: 'x' } }, { a: { clientSecret: '[secret]' } }],
  [{ a: { b: { authorization: 'x', c: 1 } } }, { a: { b: { authorization: '[secret]', c: 1 } } }],
])('%j is logged without its secret, by the log and by its children', (fields, logged) => {
  const { log, lines } = capture()
  log.info(fields, 'something')
  log.child({ part: 'p' }).info(fields, 'something')
  expect(lines).toMatchObject([logged, { ...logged, part: 'p' }])
})

test('only the child that asks for it looks for no secrets', () => {
  const { log, lines } = capture()
  const plain = log.child({}, { redact: [] })
  plain.info({ key: 'x' }, 'something')
  log.info({ key: 'x' }, 'something')
  expect(lines.map(({ key }) => key)).toEqual(['x', '[secret]'])
  expect(plain.isLevelEnabled('debug')).toBe(false)
})
