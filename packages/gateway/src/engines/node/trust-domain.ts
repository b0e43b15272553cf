import { hash } from 'node:crypto'
import {
  buildPath,
  type Certificate,
  parseCertificates,
  parseRevocationLists,
  type RevocationList,
} from '@twinlatch/pki'
import { createVerifiedChains, type VerifiedChains } from '@twinlatch/trust'
import { createTlsDomain, type TlsDomain, type TlsSettings } from '@twinlatch/wire'
import type { CompiledServer } from '../../compiled.ts'
import { Recent } from './recent.ts'

/**
 * One trust domain that serves: a TLS server of its own, what it trusts, and what it has seen.
 * Made anew whenever anything of it changes, so that sessions never outlive the trust they were
 * made in; kept over a swap that changes nothing of it (gateway.md section 4.3).
 */
export interface TrustDomain {
  readonly serverKey: string
  readonly tls: TlsDomain
  /** Everything that makes this domain. */
  readonly fingerprint: string
  /** Only what decides which clients are let in. */
  readonly trustFingerprint: string
  readonly anchors: readonly Certificate[]
  readonly crls: readonly RevocationList[]
  readonly verifiedChains: VerifiedChains
  readonly bundleName: string | null
  readonly memory: IntermediateMemory
}

/** Intermediates that led to an anchor: resumed sessions and missing ones are judged with them. */
interface IntermediateMemory {
  /** Remembers what is on the path of a chain that OpenSSL has verified. */
  remember(leaf: Certificate, above: readonly Certificate[]): void
  list(): readonly Certificate[]
}

/** A bundle has a handful of issuing authorities; only verified ones are remembered. */
const rememberedIntermediatesMax = 64

/** Creates the domain of a server. Throws a `WireError` when certificate and key cannot be used. */
export function createTrustDomain(server: CompiledServer, settings: TlsSettings): TrustDomain {
  const { fingerprint, trustFingerprint } = fingerprintsOf(server, settings)
  let parsed: readonly Certificate[] | null = null
  // Read when a client is judged for the first time: OpenSSL has its own, and most domains of a
  // thousand wait for theirs.
  const anchors = () => {
    parsed ??= settings.clientAuthoritiesPem.flatMap((pem) => parseCertificates(pem))
    return parsed
  }
  return {
    serverKey: server.key,
    tls: createTlsDomain(settings, { sessionIdContext: fingerprint.slice(0, 32) }),
    fingerprint,
    trustFingerprint,
    get anchors() {
      return anchors()
    },
    crls: settings.crlPem === null ? [] : parseRevocationLists(settings.crlPem),
    verifiedChains: createVerifiedChains(),
    bundleName: server.material.ready ? server.material.bundleName : null,
    memory: createIntermediateMemory(anchors),
  }
}

/** Hashes that tell whether a server still is the domain it was; the key enters as its hash only. */
export function fingerprintsOf(server: CompiledServer, settings: TlsSettings): Fingerprints {
  fingerprints ??= new WeakMap()
  const known = fingerprints.get(server)
  if (known?.settings === settings) return known
  const made = { settings, ...fingerprintsAnew(server, settings) }
  fingerprints.set(server, made)
  return made
}

interface Fingerprints {
  readonly fingerprint: string
  readonly trustFingerprint: string
}

/** A compiled server that did not change is the same object: the key need not be hashed again. */
let fingerprints: WeakMap<CompiledServer, Fingerprints & { settings: TlsSettings }> | undefined

function fingerprintsAnew(server: CompiledServer, settings: TlsSettings): Fingerprints {
  const { pins } = server
  const trustFingerprint = hashOf([
    server.mode,
    server.certificateRequired,
    settings.requestClientCertificate,
    settings.clientAuthoritiesPem,
    settings.crlPem,
    [...pins.certificateHashes].sort(),
    [...pins.spkiHashes].sort(),
    pins.subjectAltNames,
  ])
  const fingerprint = hashOf([
    server.key,
    trustFingerprint,
    settings.certificateChainPem,
    hashOf([settings.privateKeyPem.reveal()]),
    settings.minVersion,
    settings.maxVersion,
    settings.cipherSuites,
  ])
  return { fingerprint, trustFingerprint }
}

function createIntermediateMemory(anchors: () => readonly Certificate[]): IntermediateMemory {
  const intermediates = new Recent<string, Certificate>(rememberedIntermediatesMax)
  return {
    remember(leaf, above) {
      if (above.every(({ sha256 }) => intermediates.get(sha256))) return
      for (const certificate of buildPath(leaf, [...above], [...anchors()])?.slice(1) ?? []) {
        intermediates.set(certificate.sha256, certificate)
      }
    },
    list: () => intermediates.values(),
  }
}

// In one call: a Hash object that is let go of later leaves a hole between two contexts (README of wire).
function hashOf(parts: readonly unknown[]): string {
  return hash('sha256', JSON.stringify(parts))
}
