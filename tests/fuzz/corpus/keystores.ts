import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writePem, writePkcs12 } from '@twinlatch/pki'
import {
  createTemporaryDirectory,
  requireTool,
  type TestCertificate,
  type Tool,
} from '@twinlatch/testing'
import { certificateCorpus } from './certificates.ts'

/** Password of every file of the corpus. */
export const corpusPassword = 'fuzz password'

/** Keystores by what they are. */
export interface KeystoreCorpus {
  readonly pkcs12: readonly Uint8Array[]
  readonly pem: readonly Uint8Array[]
  /** Kinds that we only know by name: JKS, PKCS#7, keys in DER. */
  readonly others: readonly Uint8Array[]
}

let made: Promise<KeystoreCorpus> | undefined

/** Keystores of our own writers and of every tool that is installed. */
export function keystoreCorpus(): Promise<KeystoreCorpus> {
  made ??= makeCorpus()
  return made
}

async function makeCorpus(): Promise<KeystoreCorpus> {
  const { leaves, authority } = await certificateCorpus()
  const [rsa, ec] = leaves
  if (!rsa || !ec) throw new TypeError('no leaves')
  const orders = [rsa, ec].map((leaf) => ({
    ...{ privateKey: leaf.privateKey, chain: [...leaf.chain, authority.root] },
    ...{ password: corpusPassword, friendlyName: 'Fuzz', iterations: 2048 },
  }))
  const own = orders.flatMap((order) => [
    writePkcs12({ ...order, flavour: 'modern' }),
    writePkcs12({ ...order, flavour: 'compat' }),
  ])
  const pem = orders.flatMap(({ password, ...order }) => [
    writePem(order),
    writePem({ ...order, password }),
  ])
  const directory = await createTemporaryDirectory()
  try {
    const [{ pkcs12, others }, opened] = await Promise.all([
      makeByTools(rsa, directory.path),
      Promise.all(pem),
    ])
    return {
      pkcs12: [...(await Promise.all(own)), ...pkcs12],
      pem: opened.map((text) => Buffer.from(text)),
      others: [...others, rsa.privateKey.export({ type: 'pkcs8', format: 'der' })],
    }
  } finally {
    await directory.remove()
  }
}

/** One round of derivation, so that millions of files can be opened. */
const opensslVariants: readonly (readonly string[])[] = [
  ['-iter', '1'],
  ['-legacy', '-iter', '1'],
  ['-iter', '1', '-nomac'],
  ['-keypbe', 'NONE', '-certpbe', 'NONE', '-iter', '1'],
  ['-keypbe', 'NONE', '-certpbe', 'NONE', '-nomac'],
  ['-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-2DES', '-legacy', '-iter', '1'],
  ['-macalg', 'sha512', '-certpbe', 'AES-128-CBC', '-iter', '1', '-nokeys'],
]

async function makeByTools(leaf: TestCertificate, directory: string) {
  const paths = await leaf.writeTo(directory)
  const [openssl, keytool, certtool] = ['openssl', 'keytool', 'certtool'].map(requireTool)
  const out = (name: string) => join(directory, name)
  const pkcs12: (Uint8Array | null)[] = []
  for (const [index, variant] of opensslVariants.entries()) {
    pkcs12.push(
      await makeFile(openssl, out(`openssl-${index}.p12`), (file) => [
        ...['pkcs12', '-export', '-name', 'Fuzz', '-passout', `pass:${corpusPassword}`],
        ...['-inkey', paths.key, '-in', paths.certificate, '-certfile', paths.authority],
        ...['-out', file, ...variant],
      ]),
    )
  }
  const java = (type: string) => (file: string) => [
    ...['-genkeypair', '-keyalg', 'EC', '-dname', 'CN=java', '-alias', 'fuzz', '-keystore', file],
    ...['-storetype', type, '-storepass', corpusPassword, '-keypass', corpusPassword],
  ]
  pkcs12.push(
    await makeFile(keytool, out('java.p12'), java('pkcs12')),
    await makeFile(certtool, out('gnutls.p12'), (file) => [
      ...['--to-p12', '--load-certificate', paths.certificate, '--load-privkey', paths.key],
      ...['--p12-name', 'Fuzz', '--password', corpusPassword, '--outder', '--outfile', file],
    ]),
    await makeByNss(directory, paths),
  )
  const others = [
    await makeFile(keytool, out('java.jks'), java('jks')),
    await makeFile(openssl, out('chain.p7b'), (file) => [
      ...['crl2pkcs7', '-nocrl', '-outform', 'DER', '-certfile', paths.certificate, '-out', file],
    ]),
  ]
  return {
    pkcs12: pkcs12.filter((file) => file !== null),
    others: others.filter((f) => f !== null),
  }
}

async function makeByNss(
  directory: string,
  paths: { readonly certificate: string; readonly key: string },
): Promise<Uint8Array | null> {
  const [openssl, certutil, pk12util] = ['openssl', 'certutil', 'pk12util'].map(requireTool)
  if (!openssl || !certutil || !pk12util || certutil.missing || pk12util.missing) return null
  const source = join(directory, 'for-nss.p12')
  await makeFile(openssl, source, (file) => [
    ...['pkcs12', '-export', '-name', 'fuzz', '-inkey', paths.key, '-in', paths.certificate],
    ...['-passout', `pass:${corpusPassword}`, '-out', file],
  ])
  const database = `sql:${directory}`
  await certutil.run(['-N', '-d', database, '--empty-password'])
  await pk12util.run(['-i', source, '-d', database, '-W', corpusPassword])
  return makeFile(pk12util, join(directory, 'nss.p12'), (file) => [
    ...['-o', file, '-n', 'fuzz', '-d', database, '-W', corpusPassword],
  ])
}

/** The file that a tool wrote, or nothing when there is no such tool, or not with this variant. */
async function makeFile(
  tool: Tool | undefined,
  file: string,
  args: (file: string) => readonly string[],
): Promise<Uint8Array | null> {
  if (!tool || tool.missing) return null
  const { exitCode } = await tool.run(args(file))
  return exitCode === 0 ? readFile(file) : null
}
