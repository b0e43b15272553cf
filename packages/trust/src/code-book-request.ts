import type { CodeText } from './code-book.ts'

/** Texts of the codes that refuse a request (console-and-cli.md section 3). */
export const requestCodes = {
  RTE_NO_HOST: {
    title: 'no route for the host',
    meaning:
      'The handshake was good, and no VirtualService answers for the Host of the request (404).',
    cure: 'Check hosts and gateways of the VirtualService: twinlatch get VirtualService',
  },
  RTE_NO_PATH: {
    title: 'no route for the request',
    meaning: 'The host is known, and none of its routes matches path, method and headers (404).',
    cure: 'Compare the path with the matches of the VirtualService, or give the host a catch-all.',
  },
  RTE_METHOD: {
    title: 'method or form not served',
    meaning: 'The request is malformed or uses a method or form that is not served.',
    cure: 'Read the summary; the gateway reads HTTP strictly.',
  },
  POL_DENY_MATCHED: {
    title: 'a DENY policy matched',
    meaning: 'A rule of a DENY policy holds for this request (403).',
    cure: 'Look at the rule the record names; DENY wins over every ALLOW.',
  },
  POL_NO_ALLOW_MATCHED: {
    title: 'no ALLOW policy matched',
    meaning:
      'There are ALLOW policies for the workload or gateway and none of their rules holds (403).',
    cure: 'Compare wanted and got of the nearest rule; change the rule or use another certificate.',
  },
  POL_ERROR: {
    title: 'policy cannot be decided',
    meaning: 'A policy that applies is broken, so nobody is let through (403).',
    cure: 'Apply the policy again and mend what is reported.',
  },
  TOK_MISSING: {
    title: 'no token',
    meaning: 'The call needs a token and none was sent.',
    cure: 'Fetch one from the token endpoint and send it as Authorization: Bearer.',
  },
  TOK_EXPIRED: {
    title: 'token expired',
    meaning: 'The end of the token has passed.',
    cure: 'Fetch a new token.',
  },
  TOK_AUDIENCE: {
    title: 'token for somebody else',
    meaning: 'The audience of the token does not name this service.',
    cure: 'Ask for a token with the binding of this service.',
  },
  TOK_SCOPE: {
    title: 'token lacks a scope',
    meaning: 'The token is good and does not hold the scope that is needed.',
    cure: 'Give the client the scope, then fetch a new token.',
  },
  TOK_BOUND_TO_OTHER_CERT: {
    title: 'token of another certificate',
    meaning: 'The token is bound to a client certificate that is not the one of this connection.',
    cure: 'Use token and certificate of the same client.',
  },
  DST_NOT_FOUND: {
    title: 'destination not found',
    meaning: 'There is no destination of this name where the caller may look.',
    cure: 'Check name and subaccount: twinlatch dest list',
  },
  DST_KEYSTORE_MISSING: {
    title: 'keystore not in the vault',
    meaning: 'The destination names a keystore that the vault does not hold.',
    cure: 'Upload it: twinlatch ks upload FILE',
  },
  DST_KEYSTORE_PASSWORD: {
    title: 'keystore password wrong',
    meaning: 'The password of the destination does not open its keystore.',
    cure: 'Set the right password at the destination, or upload the keystore again.',
  },
  DST_KEYSTORE_FORMAT: {
    title: 'keystore not readable',
    meaning: 'The keystore is of a kind, or uses a cipher, that is not supported.',
    cure: 'Look at it with twinlatch cert inspect FILE and convert it as it says.',
  },
  DST_OTHER_SUBACCOUNT: {
    title: 'destination of another subaccount',
    meaning: 'The caller belongs to another subaccount.',
    cure: 'Use a binding of the subaccount that owns the destination.',
  },
  UPS_REFUSED: {
    title: 'workload not reachable',
    meaning: 'There is no workload to connect to, or it refused the connection (503).',
    cure: 'Start the workload, and check Service, port and upstream annotation.',
  },
  UPS_TIMEOUT: {
    title: 'workload too slow',
    meaning: 'The workload did not answer within the timeout of the route (504).',
    cure: 'Look at the workload, or raise the timeout of the route.',
  },
  UPS_TLS_UNTRUSTED: {
    title: 'workload not trusted',
    meaning: 'The server certificate of the upstream leads to no authority we trust.',
    cure: 'Let the upstream send its intermediates, or trust its authority.',
  },
  UPS_TLS_NAME: {
    title: 'workload has another name',
    meaning: 'The server certificate of the upstream does not cover the name we called.',
    cure: 'Call it by a name in its certificate, or have the certificate issued for this name.',
  },
  UPS_WANTED_CLIENT_CERT: {
    title: 'upstream wants a client certificate',
    meaning: 'The upstream demands a client certificate and we sent none it accepts.',
    cure: 'Give the destination a keystore whose certificate the upstream trusts.',
  },
  UPS_RESET: {
    title: 'workload broke off',
    meaning: 'The workload closed the connection or answered with something that is not HTTP.',
    cure: 'Look at the log of the workload at the time of the record.',
  },
} as const satisfies Record<string, CodeText>
