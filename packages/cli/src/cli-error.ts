/** What a command's exit code means (console-and-cli.md section 5.1). */
export const exitCodes = {
  fine: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  denied: 4,
  unreachable: 5,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * A command that cannot do what was asked. Printed as three short lines: what happened, why, what
 * to do; never with a stack, never with a secret.
 */
export class CliError extends Error {
  readonly exitCode: ExitCode
  readonly why: string | null
  readonly cure: string | null
  readonly code: string | null

  constructor(
    what: string,
    more: { exitCode?: ExitCode; why?: string; cure?: string; code?: string; cause?: unknown } = {},
  ) {
    super(what, { cause: more.cause })
    this.name = 'CliError'
    this.exitCode = more.exitCode ?? exitCodes.failed
    this.why = more.why ?? null
    this.cure = more.cure ?? null
    this.code = more.code ?? null
  }
}

/** Ends a command with an exit code when everything there is to say has been printed. */
export class Exit extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit ${exitCode}`)
    this.name = 'Exit'
    this.exitCode = exitCode
  }
}
