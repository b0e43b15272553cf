import { X509Certificate } from 'node:crypto'
import { rootCertificates } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseCertificate, parseCertificates } from './certificate.ts'
import { PkiError } from './errors.ts'
import { equalNames } from './name-compare.ts'
import { formatName } from './name-format.ts'
import { parseDistinguishedName } from './name-parse.ts'
import { decodePem, encodePem } from './pem.ts'
import { parseSerial } from './serial.ts'

// The worked example of gateway.md section 7.5.
const worked = `-----BEGIN CERTIFICATE-----
MIICXzCCAgWgAwIBAgIDASNFMAoGCCqGSM49BAMCMGUxCzAJBgNVBAYTAkRFMQ0w
CwYDVQQHDARFVTEwMRMwEQYDVQQKDApFeGFtcGxlIFNFMRYwFAYDVQQLDA1DbG91
ZCBDbGllbnRzMRowGAYDVQQDDBFFeGFtcGxlIENsaWVudCBDQTAeFw0yNjExMjMx
NTM4MTFaFw0zNjExMjAxNTM4MTFaMHkxCzAJBgNVBAYTAkRFMRMwEQYDVQQKDApF
eGFtcGxlIFNFMRYwFAYDVQQLDA1DbG91ZCBDbGllbnRzMQ8wDQYDVQQLDAZDYW5h
cnkxETAPBgNVBAcMCHRlbmFudC0xMRkwFwYDVQQDDBBwb3N0ZXIgKFAwMDAwMDAp
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKIHU/4i3J5vhFJyXJ60D1dgEUxap
UOi4B5Ru8HUlgtOjgbmPpptuC8TcKbYyw0/KAvG01vDvGX8lfmytSZ3EdKOBjzCB
jDATBgNVHSUEDDAKBggrBgEFBQcDAjA1BgNVHREELjAshhpzcGlmZmU6Ly9leGFt
cGxlL25zL2Evc2EvYoIOcG9zdGVyLmV4YW1wbGUwHQYDVR0OBBYEFN/pwoseCmJ8
IZGrbOMovVc5Icp/MB8GA1UdIwQYMBaAFIBVynQb4xvRzauTTnqRktYVUTJ8MAoG
CCqGSM49BAMCA0gAMEUCIQDrB1UXSM9BikGME/QYcsP2EZwvApZH60bo4FgVoQbC
rwIgDE/4NnSqcgqwOnjv2ppCi0x16jIxt53SIOekeEhIXu0=
-----END CERTIFICATE-----
`
const der = decodePem(worked)[0]?.der ?? new Uint8Array()

describe('the worked example of gateway.md section 7.5', () => {
  const certificate = parseCertificate(der)

  test('subject and issuer', () => {
    expect(formatName(certificate.subject)).toBe(
      'CN=poster (P000000),L=tenant-1,OU=Canary,OU=Cloud Clients,O=Example SE,C=DE',
    )
    expect(formatName(certificate.issuer)).toBe(
      'CN=Example Client CA,OU=Cloud Clients,O=Example SE,L=EU10,C=DE',
    )
    expect(certificate.selfIssued).toBe(false)
  })

  test('hash, serial and dates', () => {
    expect(certificate.sha256).toBe(
      '2a8bf31024bf2f0263541d111fb6f7e59d69966c59730af56fab0673f34f0b0c',
    )
    expect(certificate.serial).toBe('012345')
    expect(certificate.notBefore.toISOString()).toBe('2026-11-23T15:38:11.000Z')
    expect(certificate.notAfter.toISOString()).toBe('2036-11-20T15:38:11.000Z')
  })

  test('alternative names, usages, key identifiers', () => {
    expect(certificate.subjectAltNames).toEqual([
      { type: 'uri', value: 'spiffe://example/ns/a/sa/b' },
      { type: 'dns', value: 'poster.example' },
    ])
    expect(certificate.extendedKeyUsage).toEqual(['clientAuth'])
    expect(certificate.keyUsage).toBeNull()
    expect(certificate.basicConstraints).toBeNull()
    expect(certificate.subjectKeyId).toBe('dfe9c28b1e0a627c2191ab6ce328bd573921ca7f')
    expect(certificate.authorityKeyId).toBe('8055ca741be31bd1cdab934e7a9192d61551327c')
  })

  test('key and signature algorithm', () => {
    expect(certificate.keyDescription).toBe('EC P-256')
    expect(certificate.publicKey.asymmetricKeyType).toBe('ec')
    expect(certificate.publicKey).toBe(certificate.publicKey)
    expect(certificate.signatureAlgorithm).toBe('ecdsa-with-SHA256')
    expect(certificate.version).toBe(3)
  })

  test('the bytes are a copy: changing the input changes nothing', () => {
    const input = Uint8Array.from(der)
    const parsed = parseCertificate(input)
    input.fill(0)
    expect(Buffer.compare(parsed.raw, der)).toBe(0)
    expect(formatName(parsed.subject)).toContain('poster')
    expect(encodePem('CERTIFICATE', parsed.raw)).toBe(worked)
  })
})

describe('certificates in files', () => {
  test('PEM text, PEM bytes and DER bytes give the same', () => {
    for (const input of [worked, Buffer.from(worked), der]) {
      expect(parseCertificates(input).map(({ serial }) => serial)).toEqual(['012345'])
    }
    expect(parseCertificates(worked + worked)).toHaveLength(2)
  })

  test('other blocks are passed over, but a text without certificate is refused', () => {
    const key = encodePem('PRIVATE KEY', Uint8Array.of(1))
    expect(parseCertificates(key + worked)).toHaveLength(1)
    expect(() => parseCertificates(key)).toThrow(/no certificate/)
  })
})

test('the public roots read as OpenSSL reads them', () => {
  expect(rootCertificates.length).toBeGreaterThan(50)
  for (const pem of rootCertificates) {
    const [certificate] = parseCertificates(pem)
    const judged = new X509Certificate(pem)
    if (certificate === undefined) throw new Error('no certificate was read')
    expect(formatName(certificate.subject, 'node')).toBe(judged.subject)
    expect(formatName(certificate.issuer, 'node')).toBe(judged.issuer)
    expect(certificate.sha256.toUpperCase()).toBe(judged.fingerprint256.replaceAll(':', ''))
    expect(parseSerial(certificate.serial)).toBe(parseSerial(judged.serialNumber))
    expect(certificate.notAfter).toEqual(judged.validToDate)
    expect(certificate.notBefore).toEqual(judged.validFromDate)
    expect(certificate.basicConstraints?.ca ?? false).toBe(judged.ca)
    expect(certificate.publicKey.equals(judged.publicKey)).toBe(true)
    expect(equalNames(parseDistinguishedName(judged.subject).name, certificate.subject)).toBe(true)
  }
})

describe('refused', () => {
  const swap = (from: string, to: string) =>
    Buffer.from(Buffer.from(der).toString('hex').replace(from, to), 'hex')

  test.each([
    ['bytes after the end', Buffer.concat([der, Uint8Array.of(0)])],
    ['a cut', der.subarray(0, -1)],
    ['another algorithm inside than outside', swap('06082a8648ce3d040302', '06082a8648ce3d040303')],
    ['an extension given twice', swap('0603551d0e', '0603551d25')],
    ['a version that does not exist', swap('a003020102', 'a003020105')],
    ['extensions in version 1', swap('a003020102', 'a003020100')],
    ['a day that does not exist', swap('3236313132333135', '3236313133313135')],
    ['broken UTF-8 in the subject', swap('706f73746572202850', '706f73746572202880')],
    ['an empty file', new Uint8Array()],
  ])('%s', (_, bytes) => {
    expect(() => parseCertificate(bytes)).toThrow(
      expect.objectContaining({ code: 'pki/malformed-certificate' }),
    )
  })

  test('one bit flipped anywhere gives a certificate or a PkiError, and never the same hash', () => {
    const original = parseCertificate(der).sha256
    fc.assert(
      fc.property(fc.nat({ max: der.length * 8 - 1 }), (bit) => {
        const bytes = Uint8Array.from(der)
        bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        try {
          expect(parseCertificate(bytes).sha256).not.toBe(original)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('any bytes and any text end with certificates or a PkiError', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.string()), (input) => {
        try {
          parseCertificates(input)
        } catch (error) {
          expect(error).toBeInstanceOf(PkiError)
        }
      }),
    )
  })
})
