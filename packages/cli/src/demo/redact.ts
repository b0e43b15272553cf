/** Fields whose values are secrets, in JSON and in YAML; compared without regard to case. */
const secretFields = [
  ...['access_token', 'refresh_token', 'id_token', 'client_?secret', '[\\w.-]*password'],
  // Keystores and keys, as our own APIs and Kubernetes name them.
  ...['content', 'file', 'privateKeyPem', 'tls\\.key'],
].join('|')

const patterns: readonly (readonly [RegExp, string])[] = [
  // Also one that was cut off: then everything behind its beginning may be key.
  [
    /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g,
    '-----BEGIN $1----- [secret]',
  ],
  [new RegExp(`("(?:${secretFields})"\\s*:\\s*")(?:[^"\\\\]|\\\\.)*`, 'gi'), '$1[secret]'],
  [new RegExp(`^(\\s*(?:${secretFields}): )(?!\\[secret\\]).+`, 'gim'), '$1[secret]'],
  [/(authorization"?\s*:\s*"?(?:bearer|basic) )[^\s"']+/gi, '$1[secret]'],
  [/(\b(?:client_secret|password)=)[^&\s"']+/gi, '$1[secret]'],
]

/**
 * `text` with the secrets that tools print on request folded: private keys, passwords, tokens,
 * keystores. For what is shown or kept, never for what is worked with.
 */
export function withoutSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, shown]) => rest.replaceAll(pattern, shown), text)
}
