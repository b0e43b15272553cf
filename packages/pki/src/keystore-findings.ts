import type { Certificate } from './certificate.ts'
import type { PkiError } from './errors.ts'
import type { MatchedKey } from './keystore-content.ts'
import type { KeystoreContent } from './keystore-entry.ts'
import type { KeystoreFinding } from './keystore-finding.ts'
import { conversionOf, type KeystoreKind, keystoreKindNames, shellWord } from './keystore-kind.ts'
import { printable } from './keystore-words.ts'
import { formatName } from './name-format.ts'
import type { Pkcs12Structure } from './pkcs12-inspect.ts'

// Kinds that a file name extension promises. Java itself has written PKCS#12 under the name .jks
// since version 9; programs that go by the name then fail, so that is worth a word as well.
const kindsOfExtension: ReadonlyMap<string, ReadonlySet<KeystoreKind>> = new Map([
  ['p12', new Set<KeystoreKind>(['pkcs12'])],
  ['pfx', new Set<KeystoreKind>(['pkcs12'])],
  ['pem', new Set<KeystoreKind>(['pem'])],
  ['crt', new Set<KeystoreKind>(['pem', 'der'])],
  ['cer', new Set<KeystoreKind>(['pem', 'der'])],
  ['der', new Set<KeystoreKind>(['der', 'der-key'])],
  ['key', new Set<KeystoreKind>(['pem', 'der-key'])],
  ['jks', new Set<KeystoreKind>(['jks'])],
  ['jceks', new Set<KeystoreKind>(['jceks'])],
  ['p7b', new Set<KeystoreKind>(['pkcs7', 'pem'])],
])

/** KST208, when the extension promises something else than what the file is. */
export function findWrongExtension(fileName: string, kind: KeystoreKind): KeystoreFinding[] {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? ''
  const promised = kindsOfExtension.get(extension)
  if (!promised || promised.has(kind)) return []
  const text = `the name ends in .${extension}, the content is ${keystoreKindNames.get(kind)}`
  return [finding('KST208', 'warn', text, 'rename the file, as some programs go by the name')]
}

/** KST201, KST209, KST213: what the protection of a PKCS#12 file tells without its password. */
export function findProtectionFaults(
  structure: Pkcs12Structure,
  fileName: string,
): KeystoreFinding[] {
  const bags = structure.parts.flatMap((part) => part.bags ?? [])
  const protections = [
    structure.mac,
    ...structure.parts.map((part) => part.encryption),
    ...bags.map((bag) => bag.encryption),
  ].flatMap((one) => one ?? [])
  const modern = shellWord(`${fileName.replace(/\.[^./]*$/, '')}-modern.p12`)
  const again = `openssl pkcs12 -legacy -in ${shellWord(fileName)} -nodes | openssl pkcs12 -export -out ${modern}`
  const findings: KeystoreFinding[] = []
  if (protections.some((one) => one.name.startsWith('RC2'))) {
    const who = 'OpenSSL 3, Node 17 and later and Java with strict policies refuse this file'
    findings.push(finding('KST201', 'warn', `old encryption: ${who}`, again))
  } else if (protections.some((one) => one.legacy)) {
    findings.push(
      finding('KST201', 'warn', 'old encryption: weak, though most programs open it', again),
    )
  }
  if (!structure.mac) {
    const text = 'no MAC: nothing shows that the file is unchanged; it is refused for use'
    findings.push(finding('KST209', 'error', text, 'export it again without -nomac'))
  }
  if (bags.some((bag) => bag.kind === 'key')) {
    const text = 'the private key is not encrypted: whoever has the file has the key'
    findings.push(finding('KST213', 'warn', text, 'export it again with encryption'))
  }
  return findings
}

/** KST203 to KST207 and KST210: what shows once the file is open. */
export function findContentFaults(
  content: KeystoreContent,
  matched: readonly MatchedKey[],
  chain: readonly Certificate[],
  emptyPassword: boolean,
): KeystoreFinding[] {
  const findings: KeystoreFinding[] = []
  for (const { key } of matched.filter(({ leaf }) => leaf === null)) {
    const name =
      key.alias === null ? 'the private key' : `the private key "${printable(key.alias)}"`
    const text = `${name} belongs to no certificate in the file`
    findings.push(
      finding('KST203', 'error', text, 'put the key and its own certificate in one file'),
    )
  }
  findings.push(...findOrderFaults(content, chain), ...findChainFaults(chain, matched.length > 0))
  if (emptyPassword) {
    const text = 'the password is empty: some client libraries fail with it'
    findings.push(finding('KST207', 'warn', text, 'export it again with a password'))
  }
  if (matched.length > 1) {
    const text = `${matched.length} private keys: an alias must be named wherever the file is used`
    findings.push(finding('KST210', 'info', text, null))
  }
  return findings
}

/** KST202, KST211, KST212: why a file could not be opened. */
export function findOpeningFault(
  error: PkiError,
  kind: KeystoreKind,
  options: { fileName: string; passwordGiven: boolean },
): KeystoreFinding {
  if (error.code === 'pki/keystore-password') {
    return options.passwordGiven
      ? finding(
          'KST202',
          'error',
          'wrong password: it does not open the file',
          'ask whoever made the file',
        )
      : finding(
          'KST202',
          'warn',
          'protected by a password, and none was given',
          'give its password',
        )
  }
  const refused =
    error.code === 'pki/keystore-format' || error.code === 'pki/keystore-unsupported-algorithm'
  if (!refused) return finding('KST211', 'error', error.message, null)
  const conversion = conversionOf(kind, options.fileName)
  return conversion === null
    ? finding('KST212', 'error', error.message, null)
    : finding('KST212', 'error', `a ${keystoreKindNames.get(kind)} is not read here`, conversion)
}

function findOrderFaults(
  content: KeystoreContent,
  chain: readonly Certificate[],
): KeystoreFinding[] {
  const inFile = content.certificates.map((found) => found.certificate)
  const places = chain.map((certificate) => inFile.indexOf(certificate))
  const ordered = places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0))
  if (ordered && (places[0] ?? 0) === 0) return []
  const text = ordered
    ? 'the certificate of the key is not the first one'
    : 'the chain is out of order: each certificate should be followed by its issuer'
  // Readers of PKCS#12 find the certificate by its key; readers of PEM take the first.
  const level = content.format === 'pem' ? 'warn' : 'info'
  return [finding('KST204', level, text, 'write leaf, intermediates, root, in this order')]
}

function findChainFaults(chain: readonly Certificate[], withKey: boolean): KeystoreFinding[] {
  const top = chain.at(-1)
  if (!top) return []
  if (top.selfIssued) {
    const text = 'the root is in the file: harmless, it is not sent and need not be'
    return chain.length > 1 ? [finding('KST206', 'info', text, null)] : []
  }
  // One issuer above the leaf is here, so the missing one may well be a root, which is configured.
  if (!withKey || chain.length > 1) return []
  const issuer = formatName(top.issuer)
  const text = `the issuer ${issuer} is not in the file; if it is an intermediate, the other side cannot build the chain`
  return [finding('KST205', 'warn', text, 'add the intermediate certificate to the file')]
}

function finding(
  code: KeystoreFinding['code'],
  level: KeystoreFinding['level'],
  text: string,
  cure: string | null,
): KeystoreFinding {
  return { code, level, text, cure }
}
