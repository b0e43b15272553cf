import { type Certificate, encodePem } from '@twinlatch/pki'

/** PEM of a chain, in its order. */
export function pemOf(chain: readonly Certificate[]): string {
  return chain.map(({ raw }) => encodePem('CERTIFICATE', raw)).join('')
}
