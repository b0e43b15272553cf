import { X509Certificate } from 'node:crypto'
import { createTestAuthority } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { exitCodes } from '../cli-error.ts'
import { parseSecretName } from './cert.ts'
import { renderCaSecret, tlsSecretOf } from './secret-manifest.ts'

const name = { namespace: 'istio-system', name: 'kyma-mtls' }
const decoded = (text: string) => Buffer.from(text, 'base64').toString('utf8')

describe('a TLS Secret', () => {
  test('holds leaf and intermediates but no root, and the key beside them', async () => {
    const authority = await createTestAuthority({ name: 'Test', intermediates: 1 })
    const leaf = await authority.issue({ subject: 'CN=gateway' })
    const chain = `${leaf.chainPem}${authority.rootPem}`
    expect(chain.match(/BEGIN CERTIFICATE/g)).toHaveLength(3)
    const secret = parse(tlsSecretOf(name, { chain, privateKeyPem: 'KEY' }))
    expect(secret).toMatchObject({ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls' })
    expect(secret.metadata).toEqual({ name: 'kyma-mtls', namespace: 'istio-system' })
    expect(Object.keys(secret.data)).toEqual(['tls.crt', 'tls.key'])
    const sent = decoded(secret.data['tls.crt'])
    expect(sent.match(/BEGIN CERTIFICATE/g)).toHaveLength(2)
    expect(new X509Certificate(sent).subject).toContain('gateway')
    expect(decoded(secret.data['tls.key'])).toBe('KEY')
  })
})

describe('the Secret of a client authority', () => {
  test('is Opaque and holds the bundle under cacert', () => {
    const secret = parse(renderCaSecret(name, 'PEM\n'))
    expect(secret).toMatchObject({ kind: 'Secret', type: 'Opaque' })
    expect(decoded(secret.data.cacert)).toBe('PEM\n')
  })

  test('keeps names that YAML would read as something else', () => {
    const odd = { namespace: 'null', name: '123' }
    expect(parse(renderCaSecret(odd, 'PEM')).metadata).toEqual(odd)
  })
})

describe('NAMESPACE/NAME', () => {
  test('is taken apart', () => {
    expect(parseSecretName('istio-system/kyma-mtls')).toEqual(name)
  })

  test.each(['', 'kyma-mtls', '/kyma-mtls', 'istio-system/', 'a/b/c'])(
    '"%s" is wrong usage',
    (text) => {
      expect(() => parseSecretName(text)).toThrow(
        expect.objectContaining({ exitCode: exitCodes.usage }),
      )
    },
  )
})
