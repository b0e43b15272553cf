import type { CertificateAuthority } from '@twinlatch/ca'
import { type Clock, devSubaccountId, type Logger, messageOf, type Stoppable } from '@twinlatch/kit'
import type { ServerIdentity } from './control-listener.ts'

/** Names of the control listener (architecture.md "Admin token"); clients derive some from bindings. */
export const controlHosts = [
  'localhost',
  'authentication.localhost',
  'authentication.cert.localhost',
] as const
const controlAddresses = ['127.0.0.1', '::1'] as const

/** Local server certificates live 90 days; a third of that is left when they are renewed. */
const validityDays = 90
const renewBeforeMs = 30 * 86_400_000
const renewalCheckMs = 3_600_000

/** A fresh certificate for the control listener. */
export async function issueControlCertificate(
  ca: CertificateAuthority,
): Promise<ServerIdentity & { notAfter: Date }> {
  const issued = await ca.issueServerCertificate({
    subaccountId: devSubaccountId,
    names: [...controlHosts, ...controlAddresses],
    days: validityDays,
  })
  return { ...issued, notAfter: issued.certificate.notAfter }
}

/** Renews the certificate of a running listener well before it ends; hands it to `use`. */
export function keepCertificateFresh(options: {
  ca: CertificateAuthority
  notAfter: Date
  clock: Clock
  log: Logger
  use(identity: ServerIdentity): void
}): Stoppable {
  const { ca, clock, log, use } = options
  let notAfter = options.notAfter
  const timer = setInterval(async () => {
    if (notAfter.getTime() - clock.now().getTime() > renewBeforeMs) return
    try {
      const renewed = await issueControlCertificate(ca)
      use(renewed)
      notAfter = renewed.notAfter
      log.info(
        { event: 'certificate.renewed', notAfter },
        'certificate of the control listener renewed',
      )
    } catch (error) {
      log.error(
        { event: 'certificate.renewal_failed', reason: messageOf(error) },
        'renewal failed; it is tried again',
      )
    }
  }, renewalCheckMs)
  timer.unref()
  return { stop: async () => clearInterval(timer) }
}
