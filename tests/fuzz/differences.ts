/**
 * Reasons for which OpenSSL refuses to read a certificate that we read. Each is met again, and
 * refused, where it matters: no certificate is trusted before OpenSSL has verified it.
 */
export const knownDifferences: readonly RegExp[] = []
