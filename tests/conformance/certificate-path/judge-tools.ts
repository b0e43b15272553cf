import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Tool } from '@twinlatch/testing'
import { now } from './mint.ts'
import { askEach, type MadeCase, pemOf, type Verdict } from './verdict.ts'

/** Files of a case, as the tools take them. */
interface Files {
  readonly leaf: string
  readonly above: string | null
  readonly chain: string
  readonly bundle: string
  readonly crls: string | null
}

/** `openssl verify`, as a TLS server calls it, at the moment of the cases. */
export function judgeByOpenssl(
  openssl: Tool,
  cases: readonly MadeCase[],
  directory: string,
  more: readonly string[] = [],
): Promise<ReadonlyMap<string, Verdict>> {
  return askEach(cases, 2, async (one) => {
    const files = await write(one, directory)
    const { exitCode, stdout, stderr } = await openssl.run([
      ...['verify', '-purpose', 'sslclient', '-partial_chain', '-no-CApath', '-no-CAstore'],
      ...['-attime', String(now.getTime() / 1000), '-CAfile', files.bundle, ...more],
      ...(files.above === null ? [] : ['-untrusted', files.above]),
      ...(files.crls === null ? [] : ['-crl_check_all', '-CRLfile', files.crls]),
      files.leaf,
    ])
    const why = /error \d+ at \d+ depth lookup: *(.*)|^(Could not|Unable|unable).*/m.exec(
      stdout + stderr,
    )
    return { says: exitCode === 0 ? 'accept' : 'refuse', why: why?.[1] ?? why?.[0] ?? '' }
  })
}

/** `certtool --verify` of GnuTLS with the purpose of a TLS client; it knows no other moment than now. */
export function judgeByGnutls(
  certtool: Tool,
  cases: readonly MadeCase[],
  directory: string,
): Promise<ReadonlyMap<string, Verdict>> {
  return askEach(cases, 2, async (one) => {
    if (one.noHandshake?.includes('second')) return { says: 'none', why: one.noHandshake }
    const files = await write(one, directory)
    const { exitCode, stdout, stderr } = await certtool.run([
      ...['--verify', '--verify-purpose', '1.3.6.1.5.5.7.3.2'],
      ...['--load-ca-certificate', files.bundle, '--infile', files.chain],
      ...(files.crls === null ? [] : ['--load-crl', files.crls]),
    ])
    const why = /Chain verification output: (.*)/.exec(stdout)?.[1] ?? stderr.split('\n')[0] ?? ''
    return { says: exitCode === 0 ? 'accept' : 'refuse', why }
  })
}

async function write(one: MadeCase, directory: string): Promise<Files> {
  const file = async (kind: string, text: string) => {
    const path = join(directory, `${one.index}-${kind}.pem`)
    await writeFile(path, text)
    return path
  }
  const { leaf, above } = one.material
  return {
    leaf: await file('leaf', pemOf([leaf])),
    above: above.length === 0 ? null : await file('above', pemOf(above)),
    chain: await file('chain', one.chainPem),
    bundle: await file('bundle', one.bundlePem),
    crls: one.crlPem === null ? null : await file('crls', one.crlPem),
  }
}
