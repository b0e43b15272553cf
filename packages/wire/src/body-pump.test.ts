import { PassThrough, Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { pumpBody } from './body-pump.ts'

const brokenSource = () => {
  const source = new Readable({ read() {} })
  source.on('error', () => {})
  source.destroy(new Error('broken'))
  return source
}

test.each<[string, () => Readable]>([
  ['fails afterwards', () => new Readable({ read() {} })],
  ['had failed before', brokenSource],
])('whoever stopped it hears nothing more of a source that %s', async (_name, create) => {
  const told: unknown[] = []
  const source = create()
  const stop = pumpBody({
    source,
    sink: new PassThrough(),
    write: () => true,
    bytesExpected: null,
    done: (error) => told.push(error),
  })
  stop()
  source.destroy(new Error('broken'))
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).toEqual([])
})
