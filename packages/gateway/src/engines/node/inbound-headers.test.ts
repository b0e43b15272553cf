import { expect, test } from 'vitest'
import { prepareHeaders } from './inbound-headers.ts'

const own = {
  requestId: 'id',
  remoteAddress: '192.0.2.1',
  xfcc: null,
  peerFilled: new Set(['x-caller']),
}
const names = (name: string) =>
  prepareHeaders([[name, 'forged']], own)
    .filter(([, value]) => value === 'forged')
    .map(([kept]) => kept)

// CGI and what descends from it makes one variable of all of them: HTTP_X_CLIENT_SSL_CN.
test.each([
  'X-Client-Ssl-Cn',
  'X_Client_Ssl_Cn',
  'x-client_ssl-cn',
  'X.Client.Ssl.Cn',
  'X-Client-Ssl.Cn',
  "X'Client~Ssl!Cn",
  'X.Forwarded.Client.Cert',
  'client.cert',
  'x.envoy.internal',
  'x.request.id',
  'X-Caller',
  'X.Caller',
  'X_Caller',
  'X.Forwarded.Host',
  'Content_Length',
  'Transfer_Encoding',
  'transfer.encoding',
])('the client copy of %s is removed', (name) => {
  expect(names(name)).toEqual([])
})

test.each(['X-Forwarded-Host', 'X_Foo', 'X.Foo', 'X-Callers', 'X-Client', 'Content-Type'])(
  '%s of the client is passed on',
  (name) => {
    expect(names(name)).toEqual([name])
  },
)
