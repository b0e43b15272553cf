import type { DemoShell } from '../shell.ts'

/**
 * An authority made by openssl for what ours rightly does not issue: an expired certificate, one
 * for servers only; and strangers that no bundle knows.
 */
export async function createThrowawayAuthority(shell: DemoShell): Promise<void> {
  await shell.write('throwaway.cnf', configuration)
  await shell.write('index.txt', '')
  await selfSigned(shell, 'throwaway-ca', '/O=Throwaway/CN=Throwaway CA', 'authority')
  await selfSigned(shell, 'stranger-ca', '/O=Stranger/CN=Stranger CA', 'authority')
  await selfSigned(shell, 'self-signed', '/O=Stranger/CN=self-signed', 'client')
  await signed(shell, 'stranger', 'stranger-ca', 'client', [])
  await signed(shell, 'expired', 'throwaway-ca', 'client', [
    ...['-startdate', '20240101000000Z', '-enddate', '20240201000000Z'],
  ])
  await signed(shell, 'server-only', 'throwaway-ca', 'server', [])
}

const configuration = `[ca]
default_ca = throwaway
[throwaway]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
default_days = 2
policy = anything
[anything]
organizationName = optional
commonName = supplied
[req]
distinguished_name = empty
prompt = no
[empty]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
[server]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
`

const newKey = (name: string) => [
  ...['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`],
]

async function selfSigned(
  shell: DemoShell,
  name: string,
  subject: string,
  extensions: string,
): Promise<void> {
  await shell.tool('openssl', [
    ...['req', '-x509', ...newKey(name), '-out', `${name}.crt`, '-days', '2', '-subj', subject],
    ...['-config', 'throwaway.cnf', '-extensions', extensions],
  ])
}

async function signed(
  shell: DemoShell,
  name: string,
  authority: string,
  extensions: string,
  more: readonly string[],
): Promise<void> {
  await shell.tool('openssl', [
    ...['req', '-new', ...newKey(name), '-out', `${name}.csr`, '-subj', `/O=Throwaway/CN=${name}`],
    ...['-config', 'throwaway.cnf'],
  ])
  await shell.tool('openssl', [
    ...['ca', '-batch', '-notext', '-config', 'throwaway.cnf', '-extensions', extensions],
    ...['-cert', `${authority}.crt`, '-keyfile', `${authority}.key`],
    ...['-in', `${name}.csr`, '-out', `${name}.crt`, ...more],
  ])
}
