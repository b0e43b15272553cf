import { attributeOid } from './attribute-types.ts'
import type { Certificate } from './certificate.ts'
import { type DerNode, readDer } from './der.ts'
import { childOf } from './der-read.ts'
import { PkiError } from './errors.ts'
import { extensionOid } from './extension.ts'
import { nameFromNode } from './name.ts'
import { foldedRdn } from './name-compare.ts'
import { matchesDns, matchesEmail, matchesIp, matchesUri } from './name-subtree.ts'

/** Comparisons one certificate may cost: an attacker chooses both lists. */
const comparisonsMax = 100_000

/** A name or a subtree: its kind by the tag of GeneralName, and what is compared. */
interface Subtree {
  readonly tag: number
  readonly text: string
  readonly bytes: Uint8Array
  readonly rdns: readonly string[]
}

/** Subtrees an authority's certificate limits the names below it to (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly Subtree[]
  readonly excluded: readonly Subtree[]
}

/** Reads the nameConstraints of a certificate; `null` without any. Throws for malformed ones. */
export function nameConstraintsOf(certificate: Certificate): NameConstraints | null {
  const extension = certificate.extensions.find(({ oid }) => oid === extensionOid.nameConstraints)
  if (extension === undefined) return null
  const node = readDer(extension.value)
  const part = (tag: number) =>
    node.children.filter((child) => child.tag === tag).flatMap(({ children }) => children)
  if (node.tag !== 0x30 || node.children.some(({ tag }) => tag !== 0xa0 && tag !== 0xa1)) {
    throw malformed('it has odd parts')
  }
  return {
    permitted: part(0xa0).map(subtreeBase),
    excluded: part(0xa1).map(subtreeBase),
  }
}

/**
 * Why the names of `certificate` break the constraints, or `null`. Looks at the subject, its e-mail
 * attributes and all alternative names, and at the common name of a leaf without any DNS name where
 * that reads as a host, because clients did and OpenSSL does. Without any alternative name such a
 * common name is refused whatever it says, as in Envoy. A name of a kind that is constrained but that we cannot
 * compare breaks them.
 */
export function constraintViolation(
  constraints: NameConstraints,
  certificate: Certificate,
  { isLeaf }: { readonly isLeaf: boolean },
): string | null {
  const names = [...namesOf(certificate), ...(isLeaf ? hostsOf(certificate) : [])]
  const { permitted, excluded } = constraints
  if (names.length * (permitted.length + excluded.length) > comparisonsMax) {
    return 'the name constraints and names are too many to compare'
  }
  if (isLeaf && isOnlyCommonlyNamed(certificate)) {
    return 'its common name may be a host, and without alternative names no constraint can hold it'
  }
  for (const name of names) {
    const excludes = excluded.filter(({ tag }) => tag === name.tag)
    const permits = permitted.filter(({ tag }) => tag === name.tag)
    if (excludes.some((base) => matches(name, base, 'excluded'))) {
      return `the ${kindOf(name)} is excluded by name constraints of an authority above it`
    }
    if (permits.length > 0 && !permits.some((base) => matches(name, base, 'permitted'))) {
      return `the ${kindOf(name)} is not permitted by name constraints of an authority above it`
    }
  }
  return null
}

/** A name that cannot be compared is taken as excluded and as not permitted. */
function matches(name: Subtree, base: Subtree, list: 'permitted' | 'excluded'): boolean {
  const unclear = list === 'excluded'
  switch (name.tag) {
    case 0x81:
      return matchesEmail(name.text, base.text) ?? unclear
    case 0x82:
      return matchesDns(name.text, base.text, list)
    case 0x86:
      return matchesUri(name.text, base.text) ?? unclear
    case 0x87:
      return matchesIp(name.bytes, base.bytes)
    case 0xa4:
      return base.rdns.every((rdn, index) => rdn === name.rdns[index])
    default:
      return unclear
  }
}

/** A common name that reads as a host, of one label too, and no alternative name: Envoy refuses it. */
function isOnlyCommonlyNamed({ subject, subjectAltNames }: Certificate): boolean {
  return (
    subjectAltNames.length === 0 &&
    subject.rdns
      .flat()
      .some(({ oid, value }) => oid === attributeOid.commonName && labelsPattern.test(value))
  )
}

const labelsPattern = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?$/i
const hostPattern = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/i

function hostsOf({ subject, subjectAltNames }: Certificate): Subtree[] {
  if (subjectAltNames.some(({ type }) => type === 'dns')) return []
  return subject.rdns
    .flat()
    .filter(({ oid, value }) => oid === attributeOid.commonName && hostPattern.test(value))
    .map(({ value }) => ({ ...empty(0x82), text: value }))
}

function namesOf(certificate: Certificate): Subtree[] {
  const { subject } = certificate
  const names: Subtree[] = []
  if (subject.rdns.length > 0) names.push({ ...empty(0xa4), rdns: subject.rdns.map(foldedRdn) })
  for (const { oid, value } of subject.rdns.flat()) {
    if (oid === attributeOid.emailAddress) names.push({ ...empty(0x81), text: value })
  }
  const extension = certificate.extensions.find(({ oid }) => oid === extensionOid.subjectAltName)
  if (extension !== undefined) names.push(...readDer(extension.value).children.map(generalName))
  return names
}

function subtreeBase(node: DerNode): Subtree {
  // minimum and maximum are never used by this profile: RFC 5280 section 4.2.1.10.
  if (node.children.length !== 1) throw malformed('a subtree has distances')
  const base = generalName(childOf(node, 0))
  const size = base.bytes.length
  if (base.tag === 0x87 && size !== 8 && size !== 32) throw malformed('an address without mask')
  return base
}

function generalName(node: DerNode): Subtree {
  const text = Buffer.from(node.content).toString('latin1')
  const rdns = node.tag === 0xa4 ? nameFromNode(childOf(node, 0)).rdns.map(foldedRdn) : []
  return { tag: node.tag, text, bytes: node.content, rdns }
}

function empty(tag: number): Subtree {
  return { tag, text: '', bytes: new Uint8Array(), rdns: [] }
}

const kinds = new Map<number, string>([
  [0x81, 'e-mail address'],
  [0x82, 'DNS name'],
  [0x86, 'URI'],
  [0x87, 'IP address'],
  [0xa4, 'distinguished name'],
])

function kindOf({ tag }: Subtree): string {
  return kinds.get(tag) ?? 'other name'
}

function malformed(what: string): PkiError {
  return new PkiError('pki/malformed-certificate', `name constraints: ${what}`)
}
