import type { CodeText } from './code-book.ts'

/** Texts of the codes that end a connection before HTTP (console-and-cli.md section 3). */
export const connectionCodes = {
  ACC_LIMIT: {
    title: 'too many connections',
    meaning: 'A limit on open connections or unfinished handshakes was reached.',
    cure: 'Reuse connections in the client; look for a client that opens one for each request.',
  },
  ACC_DRAINING: {
    title: 'connection given up by the gateway',
    meaning:
      'The gateway stops, or what this host trusts has changed since the connection was opened.',
    cure: 'Connect again.',
  },
  SNI_MISSING: {
    title: 'no host name in the handshake',
    meaning: 'The client sent no SNI, and no gateway on this port answers for every name.',
    cure: 'Connect by host name, not by address; old clients need SNI switched on.',
  },
  SNI_UNKNOWN_HOST: {
    title: 'host not served here',
    meaning: 'No gateway that is ready on this port answers for the host the client asked for.',
    cure: 'Check the spelling and the hosts and secrets of the Gateway: twinlatch status',
  },
  SNI_HOST_MISMATCH: {
    title: 'Host of another gateway',
    meaning: 'The request names a host that another TLS server of this port owns (421).',
    cure: 'Open a connection of its own for each host; do not send a Host that differs from the SNI.',
  },
  TLS_NO_CLIENT_CERT: {
    title: 'no client certificate',
    meaning: 'The host demands a client certificate and the client sent none.',
    cure: 'Give the client its certificate and key, and check that the key type is one the host asks for.',
  },
  TLS_PROTOCOL_VERSION: {
    title: 'TLS version not offered',
    meaning: 'Client and host have no TLS version in common; the hosts speak 1.2 and 1.3.',
    cure: 'Update the client, or widen minProtocolVersion/maxProtocolVersion of the Gateway.',
  },
  TLS_NO_SHARED_CIPHER: {
    title: 'no common cipher',
    meaning: 'Client and host have no cipher suite or key exchange group in common.',
    cure: 'Allow an ECDHE suite with AES-GCM or ChaCha20 in the client, or list its suite in cipherSuites.',
  },
  TLS_NOT_TLS: {
    title: 'not TLS',
    meaning: 'The first bytes were no TLS ClientHello: often plain HTTP on a TLS port.',
    cure: 'Use https:// in the URL.',
  },
  TLS_TIMEOUT: {
    title: 'handshake too slow',
    meaning: 'The client did not finish its handshake in time.',
    cure: 'Look at the network between client and gateway, and for a health check that only opens TCP.',
  },
  TLS_BAD_SIGNATURE: {
    title: 'signature wrong',
    meaning: 'A signature in the handshake or in the chain does not fit the key it should be from.',
    cure: 'Check that key and certificate of the client belong together: twinlatch cert inspect FILE',
  },
  CHN_UNKNOWN_AUTHORITY: {
    title: 'authority not trusted here',
    meaning: 'The certificate leads to no authority in the trust bundle of this host.',
    cure: 'Use a certificate of a trusted authority, or add its authority to the bundle of the host.',
  },
  CHN_INTERMEDIATE_MISSING: {
    title: 'intermediate not sent',
    meaning:
      'The authority is trusted, but the client left out a certificate between it and its own.',
    cure: 'Let the client send leaf and intermediates: twinlatch cert inspect FILE shows what is in it.',
  },
  CHN_SELF_SIGNED: {
    title: 'certificate signed by itself',
    meaning: 'The certificate has no authority above it and is not itself in the trust bundle.',
    cure: 'Have the certificate issued by a trusted authority, or put it into the bundle as it is.',
  },
  CHN_TOO_LONG: {
    title: 'chain too long',
    meaning: 'There are more certificates between leaf and authority than are followed.',
    cure: 'Send only the certificates of the path, and use a flatter hierarchy.',
  },
  CHN_BAD_CONSTRAINTS: {
    title: 'chain breaks a rule',
    meaning:
      'A certificate of the chain is not allowed what it does: CA flag, path length, names, strength, or a control character.',
    cure: 'Read the summary, and have the certificate it names issued again.',
  },
  CHN_NOT_PINNED: {
    title: 'trusted, but not pinned',
    meaning:
      'The chain is good, and the certificate is not among those this host names one by one.',
    cure: 'Add its hash, key pin or alternative name to the Gateway, or use the pinned certificate.',
  },
  EKU_NOT_CLIENT_AUTH: {
    title: 'not a client certificate',
    meaning:
      'The purposes or key usage of the certificate do not allow it to authenticate a client.',
    cure: 'Have it issued with extendedKeyUsage clientAuth and keyUsage digitalSignature.',
  },
  EKU_NOT_SERVER_AUTH: {
    title: 'not a server certificate',
    meaning: 'The purposes of the certificate do not allow it to authenticate a server.',
    cure: 'Have it issued with extendedKeyUsage serverAuth.',
  },
  VAL_EXPIRED: {
    title: 'certificate expired',
    meaning: 'The end of the certificate has passed.',
    cure: 'Issue a new one: twinlatch cert issue NAME',
  },
  VAL_NOT_YET: {
    title: 'certificate not valid yet',
    meaning: 'The certificate begins in the future, or a clock is wrong.',
    cure: 'Compare the clocks of issuer and gateway; wait, or issue it again.',
  },
  VAL_ISSUER_EXPIRED: {
    title: 'issuer expired',
    meaning: 'The certificate itself is in time, one above it is not.',
    cure: 'Renew the authority and send the new intermediate, or replace it in the bundle.',
  },
  REV_REVOKED: {
    title: 'certificate revoked',
    meaning: 'The revocation list of its issuer names this certificate or one above it.',
    cure: 'Use another certificate; a revoked one does not come back.',
  },
  REV_LIST_STALE: {
    title: 'revocation list out of date',
    meaning: 'The revocation list of the host is past its next update, or not valid yet.',
    cure: 'Put a fresh list beside the trust bundle of the host.',
  },
  REV_LIST_MISSING: {
    title: 'revocation list missing',
    meaning:
      'The host has a revocation list, and for one issuer of this chain there is none that fits.',
    cure: 'Add the lists of every issuer up to the authority to the secret of the bundle.',
  },
} as const satisfies Record<string, CodeText>
