import { z } from 'zod'
import type { Connection } from './http.ts'

/** Subaccount level, or the level of the token's service instance (destination-service.md section 1). */
export type DestinationLevel = 'subaccount' | 'instance'

/** A destination as stored: flat, every value a text (destination-service.md section 3.3). */
export type DestinationBody = Readonly<Record<string, string>>

/** A keystore or trust store of the vault; `Content` is base64 of the file. */
export interface CertificateBody {
  readonly Name: string
  readonly Content: string
  readonly Type?: string | undefined
}

const destination = z.record(z.string(), z.string())
const certificate = z.looseObject({
  Name: z.string(),
  Content: z.string(),
  Type: z.string().optional(),
})
const authToken = z.looseObject({
  type: z.string(),
  value: z.string(),
  http_header: z.looseObject({ key: z.string(), value: z.string() }).optional(),
  error: z.string().optional(),
})
const found = z.looseObject({
  owner: z.looseObject({ SubaccountId: z.string().nullable(), InstanceId: z.string().nullable() }),
  destinationConfiguration: destination,
  certificates: z.array(certificate).optional(),
  authTokens: z.array(authToken).optional(),
})
const deleted = z.looseObject({ Count: z.number() })

/** The answer of Find, as applications get it: with keystores and their passwords. */
export type FoundDestination = z.infer<typeof found>

/** Calls of `/destination-configuration/v1` (destination-service.md section 2). */
export interface DestinationClient {
  find(
    name: string,
    options?: { skipTokenRetrieval?: boolean; skipCredentials?: boolean },
  ): Promise<FoundDestination>
  list(level: DestinationLevel): Promise<DestinationBody[]>
  get(level: DestinationLevel, name: string): Promise<DestinationBody>
  /** 409 if the name is taken. */
  create(level: DestinationLevel, destination: DestinationBody): Promise<void>
  /** Overwrites all of it; the name is in the body, 404 if it is unknown. */
  replace(level: DestinationLevel, destination: DestinationBody): Promise<void>
  delete(level: DestinationLevel, name: string): Promise<number>
  listCertificates(level: DestinationLevel): Promise<CertificateBody[]>
  getCertificate(level: DestinationLevel, name: string): Promise<CertificateBody>
  uploadCertificate(level: DestinationLevel, certificate: CertificateBody): Promise<void>
  deleteCertificate(level: DestinationLevel, name: string): Promise<number>
}

/** A client of the destination service behind `connection`. */
export function createDestinationClient(connection: Connection): DestinationClient {
  const base = '/destination-configuration/v1'
  const collection = (level: DestinationLevel, noun: 'Destinations' | 'Certificates') =>
    `${base}/${level}${noun}`
  const item = (level: DestinationLevel, noun: 'Destinations' | 'Certificates', name: string) =>
    `${collection(level, noun)}/${encodeURIComponent(name)}`
  const remove = async (path: string) =>
    (await connection.json({ method: 'DELETE', path }, deleted)).Count

  return {
    find: (name, { skipTokenRetrieval, skipCredentials } = {}) =>
      connection.json(
        {
          method: 'GET',
          path: `${base}/destinations/${encodeURIComponent(name)}`,
          query: { $skipTokenRetrieval: skipTokenRetrieval, $skipCredentials: skipCredentials },
        },
        found,
      ),
    list: (level) =>
      connection.json(
        { method: 'GET', path: collection(level, 'Destinations') },
        z.array(destination),
      ),
    get: (level, name) =>
      connection.json({ method: 'GET', path: item(level, 'Destinations', name) }, destination),
    create: async (level, body) => {
      await connection.text({
        method: 'POST',
        path: collection(level, 'Destinations'),
        json: body,
      })
    },
    replace: async (level, body) => {
      await connection.text({ method: 'PUT', path: collection(level, 'Destinations'), json: body })
    },
    delete: (level, name) => remove(item(level, 'Destinations', name)),
    listCertificates: (level) =>
      connection.json(
        { method: 'GET', path: collection(level, 'Certificates') },
        z.array(certificate),
      ),
    getCertificate: (level, name) =>
      connection.json({ method: 'GET', path: item(level, 'Certificates', name) }, certificate),
    uploadCertificate: async (level, body) => {
      await connection.text({
        method: 'POST',
        path: collection(level, 'Certificates'),
        json: body,
      })
    },
    deleteCertificate: (level, name) => remove(item(level, 'Certificates', name)),
  }
}
