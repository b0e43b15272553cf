import { readFile } from 'node:fs/promises'
import type { DemoShell } from '../shell.ts'

/** Step 3: into the vault; a wrong password, a cut-off file and a taken name store nothing. */
export async function keep(shell: DemoShell): Promise<void> {
  const file = `${shell.names.client}.p12`
  const upload = (name: string, password: string, more: readonly string[] = []) => [
    ...['ks', 'upload', name, '--password-file', password, ...more],
  ]
  await shell.write('wrong-password.txt', 'not the password\n')
  const wrong = await shell.twinlatch(upload(file, 'wrong-password.txt'), { exit: [1] })
  shell.check(/password/i.test(wrong.stderr), 'a wrong password is not named')
  const whole = await readFile(shell.path(file))
  await shell.write('cut-off.p12', '')
  await writeBytes(shell, 'cut-off.p12', whole.subarray(0, whole.length / 2))
  await shell.twinlatch(upload('cut-off.p12', 'password.txt'), { exit: [1] })
  await shell.twinlatch(upload(file, 'password.txt'))
  await shell.twinlatch(upload('by-openssl.p12', 'password.txt', ['--name', file]), { exit: [1] })
  const list = await shell.twinlatch(['ks', 'list', '-o', 'name'])
  const kept = list.stdout.trim().split('\n')
  shell.check(kept.includes(`keystore/${file}`), 'the keystore is not in the vault')
  shell.check(!kept.includes('keystore/cut-off.p12'), 'a cut-off file was stored')
}

async function writeBytes(shell: DemoShell, name: string, bytes: Uint8Array): Promise<void> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(shell.path(name), bytes, { mode: 0o600 })
}

/** Step 4: a destination by command and from a cockpit export; a kind not built is refused by name. */
export async function describe(shell: DemoShell): Promise<void> {
  const { names, server } = shell
  const url = `https://${names.clusterHost}:${server.gatewayPort}`
  await shell.twinlatch([
    ...['dest', 'create', names.destination, '--url', url, '--dynamic'],
    ...['--auth', 'ClientCertificateAuthentication', '--keystore', `${names.client}.p12`],
    ...['--keystore-password-file', 'password.txt'],
  ])
  await shell.write(
    'export.json',
    JSON.stringify({
      Name: `${names.destination}-imported`,
      Type: 'HTTP',
      URL: url,
      ProxyType: 'Internet',
      Authentication: 'ClientCertificateAuthentication',
      KeyStoreLocation: `${names.client}.p12`,
      'HTML5.DynamicDestination': 'true',
    }),
  )
  const incomplete = await shell.twinlatch(['dest', 'import', 'export.json'], { exit: [1] })
  shell.check(incomplete.stderr.includes('KeyStorePassword'), 'the missing secret is not named')
  await shell.twinlatch([
    'dest',
    'import',
    'export.json',
    '--keystore-password-file',
    'password.txt',
  ])
  const refused = await shell.twinlatch(
    [
      'dest',
      'create',
      `${names.destination}-oauth`,
      '--url',
      url,
      '--auth',
      'OAuth2ClientCredentials',
    ],
    { exit: [1] },
  )
  shell.check(refused.stderr.includes('OAuth2ClientCredentials'), 'the refused kind is not named')
}

/** Step 5: Find with a bearer token; 401 without, 404 with the token of another subaccount. */
export async function find(shell: DemoShell): Promise<void> {
  const { names, server } = shell
  await shell.twinlatch(['binding', 'create', names.binding])
  await shell.twinlatch(['subaccount', 'create', names.otherSubaccount])
  await shell.twinlatch(['binding', 'create', names.otherBinding, '-s', names.otherSubaccount])
  await fetchToken(shell, 'own', [names.binding])
  await fetchToken(shell, 'other', [names.otherBinding, '-s', names.otherSubaccount])
  const url = `${server.controlUrl}/destination-configuration/v1/destinations/${names.destination}`
  const call = (header: readonly string[]) => shell.curl([...header, '-w', '\n%{http_code}', url])
  const found = await call(['-H', '@own-header.txt'])
  shell.check(found.stdout.endsWith('\n200'), 'Find did not answer 200')
  const body = JSON.parse(found.stdout.slice(0, found.stdout.lastIndexOf('\n'))) as Found
  shell.check(body.owner.SubaccountId !== '', 'the owner is missing')
  shell.check(body.destinationConfiguration['HTML5.DynamicDestination'] === 'true', 'not dynamic')
  shell.check(body.certificates[0]?.Name === `${names.client}.p12`, 'the keystore is not included')
  const anonymous = await call([])
  shell.check(anonymous.stdout.endsWith('\n401'), 'Find without a token was not answered 401')
  const foreign = await call(['-H', '@other-header.txt'])
  shell.check(foreign.stdout.endsWith('\n404'), 'Find for another subaccount was not answered 404')
}

interface Found {
  readonly owner: { readonly SubaccountId: string }
  readonly destinationConfiguration: Readonly<Record<string, string>>
  readonly certificates: readonly { readonly Name: string }[]
}

interface Binding {
  readonly destination: readonly [
    { readonly credentials: { readonly clientid: string; readonly clientsecret: string } },
  ]
}

/** A token by `client_credentials`; secrets travel in files, not in arguments. */
async function fetchToken(
  shell: DemoShell,
  prefix: string,
  binding: readonly string[],
): Promise<void> {
  const shown = await shell.twinlatch(['binding', 'show', ...binding])
  const { credentials } = (JSON.parse(shown.stdout) as Binding).destination[0]
  await shell.write(
    `${prefix}-grant.txt`,
    new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: credentials.clientid,
      client_secret: credentials.clientsecret,
    }).toString(),
  )
  const answer = await shell.curl([
    ...['--data', `@${prefix}-grant.txt`, `${shell.server.controlUrl}/oauth/token`],
  ])
  const { access_token: token } = JSON.parse(answer.stdout) as { access_token: string }
  shell.check(token?.split('.').length === 3, 'the token endpoint did not answer a JWT')
  await shell.write(`${prefix}-header.txt`, `Authorization: Bearer ${token}`)
}
