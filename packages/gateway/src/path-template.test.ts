import { describe, expect, test } from 'vitest'
import { compilePathTemplate, isPathTemplate } from './path-template.ts'

describe('the table of gateway.md section 11.4', () => {
  test.each([
    [
      '/allow/admin/{**}',
      ['/allow/admin/', '/allow/admin/t.txt', '/allow/admin/a/b'],
      ['/allow/admin', '/allow'],
    ],
    [
      '/foo/{*}/bar/{**}',
      ['/foo/x/bar/y', '/foo/x/bar/a/b.txt', '/foo/x/bar/', '/foo/x%2fy/bar/z', '/foo/x;p/bar/y'],
      ['/foo/bar/y', '/foo//bar/y', '/foo/x/bar'],
    ],
    ['/{**}/end', ['/a/end', '/a/b/end'], ['/end', '/end/x']],
    [
      '/store/{**}/cart',
      ['/store//cart', '/store/a/cart', '/store/a/b/cart', '/store/a/cart/cart'],
      ['/store/cart', '/store/a/cart/'],
    ],
    ['/{*}', ['/a'], ['/', '/a/b', 'a']],
  ])('%s', (template, yes, no) => {
    const fits = compilePathTemplate(template)
    expect(yes.filter((path) => !fits(path))).toEqual([])
    expect(no.filter(fits)).toEqual([])
  })
})

test.each([
  '/f/{*}.txt',
  '/a/{id}/{*}',
  '/a/*/{*}',
  '/{**}/a/{*}',
  '/{**}/{**}',
  '{*}',
  '/a b/{*}',
  `/${'{*}/'.repeat(17)}`,
])('%s is refused', (template) => {
  expect(() => compilePathTemplate(template)).toThrow(/path template/)
})

test('only {*} and {**} switch to template mode', () => {
  expect(['/a/{*}', '/{**}', '/a*', '/{id}'].map(isPathTemplate)).toEqual([
    true,
    true,
    false,
    false,
  ])
})
