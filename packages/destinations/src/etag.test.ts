import { expect, test } from 'vitest'
import { combineEtags, evaluateCondition, newEtag } from './etag.ts'

const etag = 'a1b2'

test.each<[string, { ifMatch?: string; ifNoneMatch?: string }, 304 | 412 | undefined]>([
  ['no condition', {}, undefined],
  ['the current tag', { ifNoneMatch: '"a1b2"' }, 304],
  ['the current tag without quotes', { ifNoneMatch: 'a1b2' }, 304],
  ['a weak spelling of the current tag', { ifNoneMatch: 'W/"a1b2"' }, 304],
  ['one of several tags', { ifNoneMatch: '"x", "a1b2"' }, 304],
  ['any tag', { ifNoneMatch: '*' }, 304],
  ['another tag', { ifNoneMatch: '"x"' }, undefined],
  ['the tag to match', { ifMatch: '"a1b2"' }, undefined],
  ['any tag to match', { ifMatch: '*' }, undefined],
  ['another tag to match', { ifMatch: '"x"' }, 412],
  ['a weak tag to match, which is not strong enough', { ifMatch: 'W/"a1b2"' }, 412],
  ['both, the first fails', { ifMatch: '"x"', ifNoneMatch: '"a1b2"' }, 412],
])('RFC 9110 section 13.2.2: %s', (_name, { ifMatch, ifNoneMatch }, status) => {
  expect(evaluateCondition({ ifMatch, ifNoneMatch }, etag)).toBe(status)
})

test('a tag says nothing about the content, and a combined one changes with every part', () => {
  expect(newEtag()).not.toBe(newEtag())
  expect(combineEtags(['a', 'b'])).toBe(combineEtags(['a', 'b']))
  expect(combineEtags(['a', 'b'])).not.toBe(combineEtags(['ab', '']))
})
