import { demoManifest } from '../names.ts'
import type { DemoShell } from '../shell.ts'
import { extract } from './issue.ts'

/** Makes server certificate and client bundle of a credential and applies them as Secrets. */
export async function applyCredential(
  shell: DemoShell,
  credential: string,
  host: string,
  authority: string,
): Promise<void> {
  const secret = await shell.twinlatch([
    ...['cert', 'issue', credential, '--profile', 'server', '--san', `DNS:${host}`],
    ...['--as-secret', `istio-system/${credential}`],
  ])
  await shell.twinlatch(['apply', '-f', '-'], { input: secret.stdout })
  const bundle = await shell.twinlatch([
    ...['ca', 'bundle', authority, '--as-secret', `istio-system/${credential}-cacert`],
  ])
  await shell.twinlatch(['apply', '-f', '-'], { input: bundle.stdout })
}

async function applyExample(shell: DemoShell, folder: string, file: string): Promise<void> {
  const name = `${folder}-${file}`
  await shell.write(name, demoManifest(folder, file, shell.names))
  await shell.twinlatch(['apply', '-f', name])
}

/** Step 6: a Gateway under the cluster domain, with Secrets that are made, not committed. */
export async function clusterDomain(shell: DemoShell): Promise<void> {
  const { clusterCredential, clusterWildcard } = shell.names
  await applyCredential(shell, clusterCredential, clusterWildcard, 'clients')
  await applyExample(shell, '01-cluster-domain', 'gateway.yaml')
  const status = await shell.twinlatch(['status'])
  shell.check(status.stdout.includes(clusterWildcard), 'the host is not served')
}

/**
 * Step 7: a second Gateway with an authority of its own. A certificate of one is refused on the
 * other, also through a session that was made on its own host, where it does resume.
 */
export async function ownDomain(shell: DemoShell): Promise<void> {
  const { names } = shell
  await applyCredential(shell, names.ownCredential, names.ownWildcard, 'partner')
  await applyExample(shell, '02-own-domain', 'gateway.yaml')
  await shell.twinlatch([
    ...['cert', 'issue', names.partner, '--profile', 'partner'],
    ...['--password-file', 'password.txt', '-o', `${names.partner}.p12`],
  ])
  // Unlike curl, s_client sends one certificate only unless it is given the rest in a file.
  await shell.tool('openssl', [
    ...['pkcs12', '-in', `${names.client}.p12`, '-password', 'file:password.txt'],
    ...['-cacerts', '-nokeys', '-out', `${names.client}-chain.crt`],
  ])
  await extract(shell, names.partner)
  const own = await connect(shell, names.clusterHost, ['-sess_out', 'session.pem'])
  shell.check(/HTTP\/1\.1 \d/.test(own.output), 'the certificate is refused on its own host')
  const control = await connect(shell, names.clusterHost, ['-sess_in', 'session.pem'])
  shell.check(/^Reused,/m.test(control.output), 'a session does not resume on its own host')
  const crossed = await connect(shell, names.ownHost, ['-sess_in', 'session.pem'])
  shell.check(!/^Reused,/m.test(crossed.output), 'a session crossed to the other host')
  shell.check(
    !/HTTP\/1\.1 \d/.test(crossed.output),
    'the other host answered a foreign certificate',
  )
}

/** One request through openssl's own client, which shows whether a session was reused. */
function connect(shell: DemoShell, host: string, session: readonly string[]) {
  const { client } = shell.names
  return shell.tool(
    'openssl',
    [
      ...['s_client', '-connect', `127.0.0.1:${shell.server.gatewayPort}`, '-servername', host],
      ...['-CAfile', shell.server.caFile, '-cert', `${client}.crt`, '-key', `${client}.key`],
      ...['-cert_chain', `${client}-chain.crt`, '-ign_eof', ...session],
    ],
    { input: `GET /headers HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`, exit: 'any' },
  )
}

/** Step 8: a workload behind it. */
export async function workload(shell: DemoShell): Promise<void> {
  await applyExample(shell, '01-cluster-domain', 'workload.yaml')
  const list = await shell.twinlatch(['get', 'svc', '-n', shell.names.id])
  shell.check(list.stdout.includes('service/httpbin'), 'the Service is not listed')
}

/** Step 9: routes that tell the workload its caller, and policies in both common forms. */
export async function routesAndPolicy(shell: DemoShell): Promise<void> {
  for (const folder of ['01-cluster-domain', '02-own-domain']) {
    await applyExample(shell, folder, 'virtual-service.yaml')
    await applyExample(shell, folder, 'policy.yaml')
  }
}

/** Step 10: the recipe's smoke test, with curl, key and certificate taken out of the keystore. */
export async function smokeTest(shell: DemoShell): Promise<void> {
  const { names, server } = shell
  await extract(shell, names.client)
  const url = `https://${names.clusterHost}:${server.gatewayPort}/headers`
  const answer = await shell.curl([
    ...['--key', `${names.client}.key`, '--cert', `${names.client}.crt`, url],
  ])
  const { headers } = JSON.parse(answer.stdout) as { headers: Readonly<Record<string, string>> }
  const subject = headers['X-Client-Ssl-Cn'] ?? ''
  shell.check(
    subject.startsWith(`CN=${names.client} (P000000),`),
    'X-Client-Ssl-Cn is not the subject',
  )
  for (const name of [
    ...['X-Client-Ssl-Issuer', 'X-Forwarded-Host', 'X-Envoy-Attempt-Count'],
    ...['X-Envoy-Expected-Rq-Timeout-Ms', 'X-Request-Id'],
  ]) {
    shell.check((headers[name] ?? '') !== '', `${name} is missing`)
  }
  const xfcc = headers['X-Forwarded-Client-Cert'] ?? ''
  shell.check(xfcc.includes(`Subject="${subject}"`), 'X-Forwarded-Client-Cert lacks the subject')
}
