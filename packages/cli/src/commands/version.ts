import type { Command } from 'commander'
import { outputOption } from '../server-options.ts'
import { type OutputFormat, renderObject, type Terminal } from '../terminal.ts'
import { programVersion } from '../version.ts'

/** `version`: of the program and of what it runs on. */
export function addVersionCommand(program: Command, terminal: Terminal): void {
  program
    .command('version')
    .description('version of the program, Node and OpenSSL')
    .addOption(outputOption())
    .action(({ output }: { output: OutputFormat }) => {
      const versions = {
        twinlatch: programVersion(),
        node: process.versions.node,
        openssl: process.versions.openssl,
      }
      const text = `twinlatch ${versions.twinlatch} (Node ${versions.node}, OpenSSL ${versions.openssl})`
      terminal.out(renderObject(versions, output) ?? text)
    })
}
