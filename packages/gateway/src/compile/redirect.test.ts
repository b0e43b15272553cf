import { expect, test } from 'vitest'
import { redirectRule } from '../istio/virtual-service-action.ts'
import { requestView } from '../testdata/request-view.ts'
import { compileRedirect } from './redirect.ts'

test.each([
  ['path kept', { scheme: 'https' }, {}, 'https://a.x/p?q=1'],
  ['path replaced, query kept', { uri: '/new' }, {}, 'https://a.x/new?q=1'],
  ['own query wins', { uri: '/new?z' }, {}, 'https://a.x/new?z'],
  [
    'authority replaces host and port',
    { authority: 'b.y' },
    { authority: 'a.x:8443' },
    'https://b.y/p?q=1',
  ],
  [
    'port replaces the port of Host',
    { port: 8080 },
    { authority: 'a.x:1' },
    'https://a.x:8080/p?q=1',
  ],
  ['a default port is not printed', { port: 443 }, { authority: 'a.x:1' }, 'https://a.x/p?q=1'],
  ['another port of Host stays', { uri: '/' }, { authority: 'a.x:1' }, 'https://a.x:1/?q=1'],
  ['a scheme change drops :443', { scheme: 'http' }, { authority: 'a.x:443' }, 'http://a.x/p?q=1'],
  [
    'a scheme change keeps others',
    { scheme: 'http' },
    { authority: 'a.x:81' },
    'http://a.x:81/p?q=1',
  ],
  ['request port', { derivePort: 'FROM_REQUEST_PORT', scheme: 'http' }, {}, 'http://a.x:443/p?q=1'],
  [
    'protocol default',
    { derivePort: 'FROM_PROTOCOL_DEFAULT' },
    { authority: 'a.x:1' },
    'https://a.x/p?q=1',
  ],
])('%s', (_, rule, view, location) => {
  const at = compileRedirect(redirectRule.parse(rule), 443)
  expect(at(requestView({ authority: 'a.x', path: '/p', query: 'q=1', ...view }))).toBe(location)
})
