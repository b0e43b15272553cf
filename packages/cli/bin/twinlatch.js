#!/usr/bin/env node
// Plain JavaScript on purpose: this file must still parse on the Node that cannot run the rest.
const [major] = process.versions.node.split('.').map(Number)
if (major < 24) {
  process.stderr.write(
    `twinlatch needs Node 24 or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'The project brings its own: start it with "npm start" or "npx --no-install twinlatch ..." in its folder,\n' +
      'or install Node 24 and try again.\n',
  )
  process.exit(2)
}
// Types are stripped and scripts compiled once, not at every start. The cache lies beside the installed
// packages, which only their owner can write, and not in a shared temporary directory.
const { enableCompileCache } = await import('node:module')
enableCompileCache?.(new URL('../../../node_modules/.cache/twinlatch', import.meta.url).pathname)
const { main } = await import('../src/main.ts')
await main(process.argv.slice(2))
