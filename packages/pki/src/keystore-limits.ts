/**
 * What a keystore may hold or ask for. The file is hostile input: everything here is checked before
 * the first key is derived, because iteration counts are chosen by whoever made the file (pki.md
 * section 4.4).
 */
export const keystoreLimits = {
  /** A key and 32 certificates take about 60 KiB; a megabyte leaves room for huge RSA keys. */
  fileBytesMax: 1024 * 1024,
  /** Levels of ASN.1 in one encoded value; PFX files of all known writers stay under 12. */
  nestingMax: 16,
  /** About one second of derivation, sliced or in the thread pool. */
  iterationsMax: 1_000_000,
  /** All derivations of one file together. */
  iterationsSumMax: 3_000_000,
  /** RFC 8018 recommends 8 bytes or more; 1 KiB is far beyond any writer. */
  saltBytesMax: 1024,
  /** Longest key of any supported cipher or MAC is 64 bytes. */
  derivedKeyBytesMax: 64,
  bagsMax: 64,
  certificatesMax: 32,
  /** Public chains have 3 or 4 certificates, cross-signed ones 6. */
  chainLengthMax: 10,
  /** Signatures checked while chains of one file are put together, so that equal names cannot multiply. */
  signatureChecksMax: 100,
  /** Bundles of trusted authorities in PEM are longer than any chain: Mozilla's has about 150. */
  pemBlocksMax: 512,
  /** A PEM file with more private keys is a backup, not a keystore. */
  pemKeysMax: 16,
  /** Hashed once per derivation; nobody types more. */
  passwordCharactersMax: 1024,
} as const
