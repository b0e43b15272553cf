import type { Certificate } from '@twinlatch/pki'

/** Curves of the signature algorithms that our listeners ask for (gateway.md section 2.3). */
const curves = new Set(['P-256', 'P-384'])

/**
 * Why a client with this key cannot present its certificate to our listeners, or `null`: they ask for
 * signatures of RSA, P-256 and P-384 keys, and a client with another one sends no certificate at all
 * (gateway.md sections 4.1(3) and 4.2).
 */
export function clientKeyFault({ keyFacts }: Certificate): string | null {
  const { kind, curve, description } = keyFacts
  if (kind === 'rsa' || (kind === 'ec' && curve !== null && curves.has(curve))) return null
  return `its key is ${description}, and a host asks for signatures of RSA, P-256 and P-384 keys only`
}
