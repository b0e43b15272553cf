import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type Certificate,
  createKeySigner,
  equalNames,
  formatName,
  generateKeyPair,
  issueCertificate,
  type NameSpelling,
  newSerial,
  parseDistinguishedName,
} from '@twinlatch/pki'
import { createTemporaryDirectory, requireTool } from '@twinlatch/testing'
import { describe, expect, test } from 'vitest'

const openssl = requireTool('openssl')
const keytool = requireTool('keytool')

// Our text, in certificate order; `#` is the DER of a value in a type we never write ourselves.
const subjects = [
  String.raw`C=DE,O=Sue\, Grabbit and Runn,CN=L. Eagle`,
  'O=A+CN=J. Smith,C=US',
  String.raw`CN=\#start,O=\ lead\ ,OU=a\"b\<c\>d\;e=f`,
  'CN=Müller GmbH,emailAddress=a@b.c,UID=u1,DC=corp',
  String.raw`CN=a\+b\\c,O=x/y`,
  String.raw`CN=tab\09x`,
  String.raw`CN=a\0D\0Ax`,
  String.raw`CN=admin\00.evil`,
  String.raw`CN=a\"\;Hash=00\;Subject=\"CN=admin`,
  'CN=#1E0C004D00FC006C006C00650072',
  'CN=#14064DFC6C6C6572',
  'CN=#1C0400006771',
  'CN=#130470E96E74',
  String.raw`CN=\ lead#\; \"q\" \\ \+ =trail\ `,
  'O=Müller GmbH,CN=Zoë 東京 😀',
  'OU=A+CN=multi+UID=u1',
  'DC=com,DC=example,CN=h',
  String.raw`CN=\  two lead,O=two trail \ ,OU=\ ,OU=a  b`,
  'CN=',
  String.raw`O=quote\"only,O=back\\only,O=nl\0Ax`,
  'serialNumber=1,street=st,GN=g,SN=s,title=t,dnQualifier=q,generationQualifier=q,initials=i',
  'x500UniqueIdentifier=#030200AB',
]

// Known to OpenSSL but not to Envoy, whose text ours is: only the other spellings can be judged.
const beyondEnvoy = [
  '2.5.4.97=VATDE-1,CN=x',
  '1.3.6.1.4.1.311.60.2.1.3=DE,0.9.2342.19200300.100.1.44=u,CN=x',
]

async function certificateOf(subject: string): Promise<Certificate> {
  const { privateKey, publicKey } = await generateKeyPair('ec-p256')
  return issueCertificate(
    {
      subject: parseDistinguishedName(subject, { order: 'der' }).name,
      publicKey,
      serial: newSerial(),
      notBefore: new Date('2026-11-24T10:00:00Z'),
      notAfter: new Date('2027-11-24T10:00:00Z'),
      ca: {},
      keyUsage: ['keyCertSign'],
    },
    'self',
    createKeySigner(privateKey),
  )
}

describe.skipIf(openssl.missing)('names read like those of openssl', () => {
  // `openssl 3.2` and later print no blanks around "=" unless told so.
  const oneline =
    'esc_2253,esc_ctrl,esc_msb,utf8,dump_nostr,dump_der,use_quote,sep_comma_plus_space'
  const options = new Map<NameSpelling, string>([
    ['rfc2253', 'RFC2253'],
    ['slash', 'compat'],
    ['openssl', `${oneline},space_eq,sname`],
  ])

  async function opensslText(certificate: Certificate, option: string): Promise<string> {
    const { stdout } = await openssl.run(
      ['x509', '-inform', 'DER', '-noout', '-subject', '-nameopt', option],
      { input: certificate.raw },
    )
    return stdout.replace(/^subject=/, '').replace(/\n$/, '')
  }

  test.each(subjects)('%s', async (subject) => {
    const certificate = await certificateOf(subject)
    for (const [spelling, option] of options) {
      const printed = await opensslText(certificate, option)
      expect(formatName(certificate.subject, spelling)).toBe(printed)
    }
    expect(formatName(certificate.subject, 'node')).toBe(
      new X509Certificate(certificate.raw).subject,
    )
    const text = await opensslText(certificate, 'RFC2253')
    expect(equalNames(parseDistinguishedName(text).name, certificate.subject)).toBe(true)
  })

  test.each(beyondEnvoy)('%s, but for the text of Envoy', async (subject) => {
    const certificate = await certificateOf(subject)
    for (const spelling of ['slash', 'openssl'] as const) {
      const printed = await opensslText(certificate, options.get(spelling) ?? '')
      expect(formatName(certificate.subject, spelling)).toBe(printed)
    }
    expect(formatName(certificate.subject)).toMatch(/^CN=x,.*=#0C/)
  })
})

describe.skipIf(keytool.missing)('names read like those of keytool', () => {
  // A JVM for each: only names in which quoting or order could go wrong.
  test.each([
    String.raw`C=DE,O=Smith\, Inc. \<x\>/y`,
    String.raw`CN=\ lead#\; \"q\" \\ \+ =trail\ `,
    'OU=A+CN=multi+UID=u1',
    'O=Müller GmbH,CN=Zoë 東京,emailAddress=a@b.c',
    'serialNumber=1,SN=s,GN=g,title=t,1.2.3.4=x',
  ])('%s', async (subject) => {
    const certificate = await certificateOf(subject)
    await using directory = await createTemporaryDirectory()
    const file = join(directory.path, 'certificate.der')
    await writeFile(file, certificate.raw)
    const options = ['-J-Dfile.encoding=UTF-8', '-J-Dsun.stdout.encoding=UTF-8']
    const { stdout } = await keytool.run([...options, '-printcert', '-file', file])
    const printed = /^Owner: (.*)$/m.exec(stdout)?.[1] ?? ''
    expect(formatName(certificate.subject, 'java')).toBe(printed)
    expect(equalNames(parseDistinguishedName(printed).name, certificate.subject)).toBe(true)
  })
})
