import { expect, test } from 'vitest'
import { jsonPath } from './issues.ts'
import { nearestName } from './nearest-name.ts'

test.each([
  [['spec', 'servers', 0, 'tls'], 'spec.servers[0].tls'],
  [['metadata', 'annotations', 'a.b/c'], 'metadata.annotations["a.b/c"]'],
  [[], ''],
  [[0, 'a-b'], '[0].a-b'],
])('the path of %j is %s', (path, text) => {
  expect(jsonPath(path)).toBe(text)
})

test.each([
  ['credentialname', 'credentialName'],
  ['hsots', 'hosts'],
  ['tsl', null],
  ['tl', 'tls'],
  ['completelyDifferent', null],
  ['x'.repeat(5000), null],
])('nearest to %.20s is %s', (name, nearest) => {
  expect(nearestName(name, ['credentialName', 'hosts', 'tls', 'port'])).toBe(nearest)
})
