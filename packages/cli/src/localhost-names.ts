import { lookup } from 'node:dns/promises'

/**
 * Whether this system's resolver knows names below .localhost (RFC 6761 section 6.3 asks it to;
 * plain glibc does not). Our own connectors and curl do not depend on it; other clients may.
 */
export async function systemKnowsLocalhostNames(): Promise<boolean> {
  try {
    await lookup('twinlatch-probe.localhost')
    return true
  } catch {
    return false
  }
}
