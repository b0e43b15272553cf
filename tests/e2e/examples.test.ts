import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireTool } from '@twinlatch/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run, type Server, startServer, twinlatchBin } from './stack.ts'

const examples = fileURLToPath(new URL('../../examples', import.meta.url))

describe.skipIf(requireTool('curl').missing || requireTool('openssl').missing)('examples', () => {
  let server: Server
  beforeAll(async () => {
    server = await startServer(['--ephemeral'])
  })
  afterAll(() => server.end())

  // In order of their numbers: a later one may stand on an earlier one.
  test.each(readdirSync(examples).sort())('%s/run.sh does what its README says', async (name) => {
    const answer = await run(join(examples, name, 'run.sh'), [], {
      env: {
        TWINLATCH_HOME: server.ready.home,
        PATH: `${dirname(twinlatchBin)}:${process.env['PATH']}`,
      },
      timeoutMs: 90_000,
    })
    expect(answer.code, `${answer.stdout}${answer.stderr}`).toBe(0)
    expect(answer.stdout).toMatch(/"X-Client-Ssl-Cn": "CN=(poster|partner)-quovadis \(P000000\),/)
  })
})
