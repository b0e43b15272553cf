import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const resolver = new URL('./localhost-resolver.js', import.meta.url)

/** Runs `script` in a Node of its own, with the resolver preloaded as `twinlatch run` does it. */
async function child(script: string, type: 'module' | 'commonjs' = 'module'): Promise<unknown> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`--input-type=${type}`, '--eval', script],
    { env: { ...process.env, NODE_OPTIONS: `--import ${resolver.href}` } },
  )
  return JSON.parse(stdout)
}

const v4 = { address: '127.0.0.1', family: 4 }
const v6 = { address: '::1', family: 6 }

test.each([
  ['undefined', v4],
  ['{}', v4],
  ['4', v4],
  ['6', v6],
  ['{ family: 0 }', v4],
  ["{ family: 'IPv4' }", v4],
  ["{ family: 'IPv6' }", v6],
  ['{ all: true }', [v4, v6]],
  ['{ all: true, family: 6 }', [v6]],
])('lookup(name, %s) in all its forms', async (options, expected) => {
  const answers = await child(`
    import dns from 'node:dns'
    import { lookup as named } from 'node:dns'
    import { lookup as promised } from 'node:dns/promises'
    import { promisify } from 'node:util'
    const host = 'any.thing.localhost'
    const called = (lookup) => new Promise((resolve, reject) =>
      lookup(host, ${options}, (error, address, family) =>
        error ? reject(error) : resolve(family === undefined ? address : { address, family })))
    console.log(JSON.stringify([
      await called(dns.lookup),
      await called(named),
      await dns.promises.lookup(host, ${options}),
      await promised(host, ${options}),
      await promisify(dns.lookup)(host, ${options}),
    ]))`)
  expect(answers).toEqual(Array.from({ length: 5 }, () => expected))
})

test('a lookup without options answers too, and never before it returns', async () => {
  const answers = await child(
    `const dns = require('dns')
     let returned = false
     dns.lookup('a.localhost', (error, address, family) =>
       console.log(JSON.stringify([returned, address, family])))
     returned = true`,
    'commonjs',
  )
  expect(answers).toEqual([true, '127.0.0.1', 4])
})

test('knows localhost itself, any case and a trailing dot, and no other name', async () => {
  const answers = await child(`
    import dns from 'node:dns'
    const asked = []
    const names = ['localhost', 'A.LocalHost', 'a.localhost.', 'notlocalhost', 'a.localhost.example', '127.0.0.1', '::1', '']
    for (const name of names) {
      asked.push(await dns.promises.lookup(name).then(({ address }) => address, () => 'system refused'))
    }
    console.log(JSON.stringify(asked))`)
  expect((answers as string[]).slice(0, 3)).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1'])
  expect((answers as string[]).slice(5, 7)).toEqual(['127.0.0.1', '::1'])
  for (const other of (answers as string[]).slice(3, 5)) expect(other).not.toBe('127.0.0.1')
})

test('hands other names with all their arguments to the resolver that was there before', async () => {
  const before = `data:text/javascript,${encodeURIComponent(`
    import dns from 'node:dns'
    dns.lookup = (...args) => args.at(-1)(null, JSON.stringify(args.slice(0, -1)), 4)
    dns.promises.lookup = async (...args) => ({ address: JSON.stringify(args), family: 4 })`)}`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--import', before, '--import', resolver.href, '--input-type=module', '--eval'],
    `import dns from 'node:dns'
       import { promisify } from 'node:util'
       const called = (...args) => new Promise((done) => dns.lookup(...args, (_, address) => done(address)))
       console.log(JSON.stringify([
         await called('example.test', { family: 6, hints: 3 }),
         await called('example.test'),
         (await dns.promises.lookup('example.test', { all: false })).address,
         (await promisify(dns.lookup)('example.test', 4)).address,
       ].map((text) => JSON.parse(text))))`,
  ])
  expect(JSON.parse(stdout)).toEqual([
    ['example.test', { family: 6, hints: 3 }],
    ['example.test'],
    ['example.test', { all: false }],
    ['example.test', 4],
  ])
})

test('lets fetch and net reach a loopback server by a name', async () => {
  const answers = await child(`
    import { createServer } from 'node:http'
    const server = createServer((req, res) => res.end(req.headers.host)).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const { port } = server.address()
    const answer = await fetch('http://deep.down.localhost:' + port)
    console.log(JSON.stringify([(await answer.text()).split(':')[0]]))
    server.close()
    server.closeAllConnections()`)
  expect(answers).toEqual(['deep.down.localhost'])
})

test('is plain JavaScript of one file, because any version of Node may load it', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--check',
    fileURLToPath(resolver),
  ])
  expect(stdout).toBe('')
})
