import type { SubaccountId } from '@twinlatch/kit'
import type { TlsSettings } from '@twinlatch/wire'
import type { LocalIdentity } from '../header-operators.ts'
import type { PlannedVirtualHost } from './planned-route.ts'
import type { PolicyAttachment } from './types.ts'

/** One server of a Gateway: what it asks of clients, what governs it, where it leads. */
export interface PlannedServer {
  /** `<subaccount GUID>/<namespace>/<gateway>/<port name>`. */
  readonly key: string
  readonly subaccountId: SubaccountId
  readonly gateway: { readonly namespace: string; readonly name: string }
  /** The manifest's number, such as 443. */
  readonly port: number
  readonly hosts: readonly string[]
  readonly mode: 'SIMPLE' | 'MUTUAL' | 'OPTIONAL_MUTUAL'
  readonly certificateRequired: boolean
  readonly pins: PlannedPins
  readonly material: PlannedMaterial
  readonly policies: PolicyAttachment
  readonly virtualHosts: readonly PlannedVirtualHost[]
}

/** What a verified client certificate must be besides (gateway.md section 2.2), normalised. */
interface PlannedPins {
  readonly certificateHashes: readonly string[]
  readonly spkiHashes: readonly string[]
  readonly subjectAltNames: readonly string[]
}

/** Certificate, key and authorities of a server, or why its handshakes are refused. */
export type PlannedMaterial =
  | {
      readonly ready: true
      readonly tls: TlsSettings
      readonly bundleName: string | null
      readonly local: Omit<LocalIdentity, 'hostname'>
    }
  | { readonly ready: false; readonly reason: string }
