import { expect, test } from 'vitest'
import { httpMatch } from '../istio/virtual-service-match.ts'
import { requestView } from '../testdata/request-view.ts'
import { compileRouteMatch } from './route-match.ts'

type View = Parameters<typeof requestView>[0]

test.each<[string, unknown, View, boolean]>([
  ['exact path', { uri: { exact: '/a' } }, { path: '/a' }, true],
  ['exact path differs in case', { uri: { exact: '/a' } }, { path: '/A' }, false],
  ['exact path without case', { uri: { exact: '/a' }, ignoreUriCase: true }, { path: '/A' }, true],
  ['prefix is plain text', { uri: { prefix: '/foo' } }, { path: '/foobar' }, true],
  [
    'prefix without case',
    { uri: { prefix: '/FOO' }, ignoreUriCase: true },
    { path: '/foobar' },
    true,
  ],
  ['empty prefix', { uri: { prefix: '' } }, { path: '/x' }, true],
  ['regex matches the whole path', { uri: { regex: '/a|/b' } }, { path: '/bx' }, false],
  ['regex alternation', { uri: { regex: '/a|/b' } }, { path: '/b' }, true],
  [
    'ignoreUriCase leaves a regex alone',
    { uri: { regex: '/a' }, ignoreUriCase: true },
    { path: '/A' },
    false,
  ],
  ['method', { method: { exact: 'GET' } }, { method: 'POST' }, false],
  ['method by regex', { method: { regex: 'GET|POST' } }, { method: 'POST' }, true],
  ['scheme', { scheme: { exact: 'https' } }, {}, true],
  ['authority with its port', { authority: { exact: 'a' } }, { authority: 'a:8443' }, false],
  ['header', { headers: { 'X-A': { exact: '1' } } }, { headers: { 'x-a': '1' } }, true],
  [
    'one line of several',
    { headers: { 'x-a': { exact: '1' } } },
    { headers: { 'x-a': ['0', '1'] } },
    true,
  ],
  [
    'a list in one line is one value',
    { headers: { 'x-a': { exact: '1' } } },
    { headers: { 'x-a': '0,1' } },
    false,
  ],
  ['present, also empty', { headers: { 'x-a': {} } }, { headers: { 'x-a': '' } }, true],
  ['absent', { headers: { 'x-a': {} } }, {}, false],
  [
    'without: other value',
    { withoutHeaders: { 'x-a': { exact: 'x' } } },
    { headers: { 'x-a': 'y' } },
    true,
  ],
  [
    'without: that value',
    { withoutHeaders: { 'x-a': { exact: 'x' } } },
    { headers: { 'x-a': ['y', 'x'] } },
    false,
  ],
  ['without: missing', { withoutHeaders: { 'x-a': { exact: 'x' } } }, {}, true],
  ['without: missing is the empty text', { withoutHeaders: { 'x-a': { regex: '.*' } } }, {}, false],
  [
    'without: empty match is absent',
    { withoutHeaders: { 'x-a': {} } },
    { headers: { 'x-a': '' } },
    false,
  ],
  ['without: regex * is absent', { withoutHeaders: { 'x-a': { regex: '*' } } }, {}, true],
  ['parameter', { queryParams: { a: { exact: '1' } } }, { query: 'b=2&a=1&a=3' }, true],
  ['first of several', { queryParams: { a: { exact: '3' } } }, { query: 'a=1&a=3' }, false],
  ['not decoded', { queryParams: { a: { exact: 'x y' } } }, { query: 'a=x%20y' }, false],
  ['blank', { queryParams: { a: { exact: '' } } }, { query: 'a' }, true],
  ['; is no separator', { queryParams: { b: {} } }, { query: 'a=1;b=2' }, false],
  ['parameter names have case', { queryParams: { A: {} } }, { query: 'a=1' }, false],
  ['no query', { queryParams: { a: {} } }, {}, false],
  ['all together', { uri: { prefix: '/' }, method: { exact: 'GET' } }, { method: 'PUT' }, false],
  ['OPTIONS * has no path', {}, { path: '*', method: 'OPTIONS' }, false],
])('%s', (_, match, view, matches) => {
  expect(compileRouteMatch(httpMatch.parse(match))(requestView(view))).toBe(matches)
})
