import type { DemoShell } from '../shell.ts'

/** Step 1: a certificate with its key, as a password-protected PKCS#12; and the same over HTTP. */
export async function issue(shell: DemoShell): Promise<void> {
  const { names, server } = shell
  const issued = await shell.twinlatch([
    ...['cert', 'issue', names.client],
    ...['--password-file', 'password.txt', '-o', `${names.client}.p12`],
  ])
  shell.check(
    issued.stdout.includes(`CN=${names.client} (P000000),L=dev.localhost,`),
    'the subject is not the one of the default profile',
  )
  await shell.write(
    'order.json',
    JSON.stringify({
      commonName: `${names.client}-http`,
      keyType: 'ec-p256',
      format: 'modern',
      password: 'over-http-please',
    }),
  )
  const answered = await shell.curl([
    ...['-H', '@admin-header.txt', '-H', 'content-type: application/json'],
    ...['--data', '@order.json', '-w', '\n%{http_code}', `${server.controlUrl}/ca/certificates`],
  ])
  shell.check(answered.stdout.endsWith('\n201'), 'the order over HTTP was not answered 201')
}

/** Step 2: what is in it, by openssl and in words; also a file that openssl made. */
export async function look(shell: DemoShell): Promise<void> {
  const file = `${shell.names.client}.p12`
  const info = await shell.tool('openssl', [
    ...['pkcs12', '-info', '-in', file, '-nodes', '-password', 'file:password.txt'],
  ])
  for (const wanted of ['Shrouded Keybag', 'friendlyName', 'localKeyID', 'MAC']) {
    shell.check(info.output.includes(wanted), `openssl does not list "${wanted}"`)
  }
  const certificates = info.stdout.match(/BEGIN CERTIFICATE/g)?.length ?? 0
  shell.check(certificates === 3, `openssl lists ${certificates} certificates, not 3`)
  const words = await shell.twinlatch(['cert', 'inspect', file, '--password-file', 'password.txt'])
  shell.check(/PKCS#12/.test(words.stdout), 'cert inspect does not name the kind of the file')
  await extract(shell, shell.names.client)
  await shell.tool('openssl', [
    ...[
      'pkcs12',
      '-export',
      '-inkey',
      `${shell.names.client}.key`,
      '-in',
      `${shell.names.client}.crt`,
    ],
    ...['-name', 'made by openssl', '-passout', 'file:password.txt', '-out', 'by-openssl.p12'],
  ])
  await shell.twinlatch(['cert', 'inspect', 'by-openssl.p12', '--password-file', 'password.txt'])
}

/** Takes key and chain out of a keystore, as the published recipe does. */
export async function extract(shell: DemoShell, name: string): Promise<void> {
  const from = ['pkcs12', '-in', `${name}.p12`, '-password', 'file:password.txt']
  await shell.tool('openssl', [...from, '-out', `${name}.key`, '-nodes', '-nocerts'])
  await shell.tool('openssl', [...from, '-out', `${name}.crt`, '-nokeys'])
}
