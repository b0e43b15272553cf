import { expect, test } from 'vitest'
import { gatewayPrincipal, gatewaySettings } from './config.ts'

test('the defaults are those of a Kyma cluster, with 443 mapped to 9443', () => {
  const settings = gatewaySettings.parse({})
  expect(settings).toMatchObject({
    portMap: { '443': 9443 },
    labels: { app: 'istio-ingressgateway', istio: 'ingressgateway' },
    xfcc: { mode: 'SANITIZE_SET', details: ['Subject', 'Cert', 'DNS', 'URI'] },
    meshHop: { enabled: false },
    istioCompat: false,
  })
  expect(gatewayPrincipal(settings)).toBe(
    'cluster.local/ns/istio-system/sa/istio-ingressgateway-service-account',
  )
})

test.each([
  [{ xfcc: { mode: 'APPEND_FORWARD' } }],
  [{ xfcc: { mode: 'ALWAYS_FORWARD_ONLY' } }],
  [{ xfcc: { mode: 'FORWARD_ONLY' } }],
  [{ portMap: { '443': 9443, '8443': 9443 } }],
  [{ portMap: { http: 80 } }],
  [{ portMap: { '443': 70_000 } }],
  [{ serverHeader: 'a\r\nb' }],
  [{ istiocompat: true }],
])('%j is refused', (settings) => {
  expect(gatewaySettings.safeParse(settings).success).toBe(false)
})

test('a forwarding XFCC mode is taken once somebody vouches for the proxy in front', () => {
  const xfcc = { mode: 'APPEND_FORWARD', trustedProxyAcknowledged: true }
  expect(gatewaySettings.safeParse({ xfcc }).success).toBe(true)
})
