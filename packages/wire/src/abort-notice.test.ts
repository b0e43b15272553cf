import { expect, test } from 'vitest'
import { AbortSource, abortSignalOf } from './abort-notice.ts'

test('every listener is called once, in order, but for those that were removed', () => {
  const source = new AbortSource()
  const called: string[] = []
  const removed = () => called.push('removed')
  const third = () => called.push('third')
  source.addEventListener('abort', removed)
  source.addEventListener('abort', () => {
    called.push('second')
    source.removeEventListener('abort', third)
  })
  source.addEventListener('abort', third)
  source.addEventListener('abort', () => called.push('fourth'))
  source.removeEventListener('abort', removed)
  source.abort()
  source.abort()
  expect(called).toEqual(['second', 'fourth'])
  expect(source.aborted).toBe(true)
})

test('who comes too late looks at `aborted`, as with an AbortSignal', () => {
  const source = new AbortSource()
  source.abort()
  source.addEventListener('abort', () => expect.unreachable())
  expect(source.aborted).toBe(true)
})

test('as a signal it is one that fires with it, and a signal stays itself', () => {
  const source = new AbortSource()
  const signal = abortSignalOf(source)
  expect(signal.aborted).toBe(false)
  source.abort()
  expect(signal.aborted).toBe(true)
  expect(abortSignalOf(source).aborted).toBe(true)
  expect(abortSignalOf(signal)).toBe(signal)
})
