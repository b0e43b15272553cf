import { existsSync, readFileSync } from 'node:fs'
import { createTemporaryDirectory, expectGolden, requireTool } from '@twinlatch/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { caseGroups } from './all-cases.ts'
import { envoyVersion, judgeByEnvoy } from './judge-envoy.ts'
import { judgeByGateway } from './judge-gateway.ts'
import { judgeByOurselves } from './judge-offline.ts'
import { judgeByGnutls, judgeByOpenssl } from './judge-tools.ts'
import { type Judge, type MadeCase, make, type Verdict } from './verdict.ts'
import { differencesIn, renderPage, staleReasons, withoutReason } from './verdict-page.ts'

const page = new URL('../../../docs/reference/certificate-verdicts.md', import.meta.url)
const openssl = requireTool('openssl')
const certtool = requireTool('certtool')
/** Path of an Envoy binary: the long run, not part of `npm test`. */
const envoy = process.env['TWINLATCH_ENVOY'] ?? ''
if (envoy === '')
  process.stderr.write('skipped: the verdicts of Envoy (TWINLATCH_ENVOY is not set)\n')

let next = 0
const groups = caseGroups.map(({ title, cases }) => ({
  title,
  cases: cases.map((one) => make(one, next++)),
}))
const cases: readonly MadeCase[] = groups.flatMap((group) => group.cases)
const verdicts = new Map<Judge, ReadonlyMap<string, Verdict>>()

beforeAll(async () => {
  await using directory = await createTemporaryDirectory()
  const { path } = directory
  // First the handshakes, because the moment of the cases passes.
  verdicts.set('gateway', await judgeByGateway(cases))
  verdicts.set('offline', new Map(cases.map((one) => [one.name, judgeByOurselves(one)])))
  if (!certtool.missing) verdicts.set('gnutls', await judgeByGnutls(certtool, cases, path))
  if (!openssl.missing) {
    verdicts.set('openssl', await judgeByOpenssl(openssl, cases, path))
    verdicts.set('strict', await judgeByOpenssl(openssl, cases, path, ['-x509_strict']))
  }
  if (envoy !== '') verdicts.set('envoy', await judgeByEnvoy(envoy, cases, path))
}, 300_000)

const verdictOf = (judge: Judge, { name }: MadeCase) => verdicts.get(judge)?.get(name)

test('there are at least 150 cases, each with a name of its own', () => {
  expect(cases.length).toBeGreaterThanOrEqual(150)
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
})

describe.each(groups)('$title', ({ cases: rows }) => {
  test.each(rows)('$name: $verdict', (one) => {
    expect(verdictOf('offline', one)?.why).toBe(one.verdict)
  })
})

test('a host gives the verdict that is given offline', () => {
  const differ = cases.filter((one) => {
    const says = verdictOf('gateway', one)?.says
    return says !== 'none' && says !== verdictOf('offline', one)?.says
  })
  expect(differ.map(({ name }) => name)).toEqual([])
})

test('what no TLS stack can be asked is what the cases say, and little', () => {
  const unasked = cases.filter((one) => verdictOf('gateway', one)?.says === 'none')
  expect(unasked.length).toBeLessThan(30)
  expect(unasked.filter((one) => verdictOf('offline', one)?.says === 'accept')).toEqual(
    unasked.filter(({ verdict }) => verdict === 'accepted'),
  )
})

test.skipIf(openssl.missing)('neither we nor a host accept what OpenSSL refuses', () => {
  const laxer = cases.filter(
    (one) =>
      verdictOf('openssl', one)?.says === 'refuse' &&
      (['offline', 'gateway'] as const).some((judge) => verdictOf(judge, one)?.says === 'accept'),
  )
  expect(laxer.map(({ name }) => name)).toEqual([])
})

test('every difference from another judge is on the list with its reason', () => {
  const found = differencesIn(verdicts)
  expect(withoutReason(found)).toEqual([])
  expect(staleReasons(found, verdicts)).toEqual([])
})

test('the reference shows what was found', async () => {
  const versions = await versionsOf()
  const known = existsSync(page) ? readFileSync(page, 'utf8') : ''
  const update = process.env['UPDATE_GOLDEN'] === '1'
  if (update && verdicts.size < 6) throw new Error('only a run with every judge writes the page')
  // Another version of a judge may say something else; the page names the ones it was made with.
  if (!update && !known.includes(versions)) return
  if (verdicts.size === 6) {
    const all = `${versions}, Envoy ${await envoyVersion(envoy)}`
    expectGolden(page, renderPage(groups, verdicts, all))
  } else expect(withoutEnvoy(known)).toBe(withoutEnvoy(renderPage(groups, verdicts, versions)))
})

async function versionsOf(): Promise<string> {
  const first = async (tool: typeof openssl, flag: string, pattern: RegExp) =>
    tool.missing ? 'missing' : (pattern.exec((await tool.run([flag])).stdout)?.[0] ?? 'unknown')
  return [
    await first(openssl, 'version', /OpenSSL [\d.]+/),
    `the gateway's own OpenSSL ${process.versions.openssl}`,
    `GnuTLS ${await first(certtool, '--version', /\d+\.\d+\.\d+/)}`,
  ].join(', ')
}

/** The tables of all cases without their last column; the rest needs Envoy's word. */
function withoutEnvoy(text: string): string {
  const rows = text.slice(text.indexOf('## Every case')).split('\n')
  return rows.map((line) => line.replace(/[^|]*\|$/, '')).join('\n')
}
