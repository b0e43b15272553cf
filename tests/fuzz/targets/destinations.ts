import { DestinationsError, parseDestination } from '@twinlatch/destinations'
import { parseCertificateEntry } from '../../../packages/destinations/src/certificate-entry.ts'
import {
  decodeDestination,
  encodeDestination,
} from '../../../packages/destinations/src/destination.ts'
import { parseFilter, passesFilter } from '../../../packages/destinations/src/filter.ts'
import { parseListQuery } from '../../../packages/destinations/src/list-query.ts'
import { keystoreCorpus } from '../corpus/keystores.ts'
import { bytesOf, expectThat, type FuzzTarget, textOf } from '../target.ts'

const refuses = (error: unknown) =>
  error instanceof DestinationsError || error instanceof SyntaxError

/** `$filter` and the other parameters of a list. */
export const filter: FuzzTarget = {
  name: 'filter',
  kind: 'text',
  words: [
    'Name in (',
    "'a'",
    "''",
    ', ',
    ')',
    'startswith(Name, ',
    'modifiedwithin(',
    '$filter=',
    '$page=',
    '&',
    '%27',
  ],
  corpus: async () =>
    bytesOf(
      "Name in ('a', 'b%20c', 'd''e')",
      "startswith(Name, 'a')",
      "modifiedwithin('5', 'minutes')",
      '$page=2&$pageSize=3',
    ),
  run(input) {
    const text = textOf(input)
    if (text.startsWith('$')) parseListQuery(new URLSearchParams(text), 'destinations')
    const parsed = parseFilter(text)
    passesFilter(parsed, { name: 'a', modifiedAt: new Date(0) }, new Date(0))
    if (parsed.kind === 'names') {
      const names = parsed.names.map(
        (name) => `'${encodeURIComponent(name).replaceAll("'", "''")}'`,
      )
      const again = parseFilter(`Name in (${names.join(',')})`)
      expectThat(JSON.stringify(again) === JSON.stringify(parsed), 'names survive')
    }
    return true
  },
  refuses: (error) => refuses(error) || error instanceof URIError,
}

/** Destinations as JSON: flat, and stored so that they are read again. */
export const destination: FuzzTarget = {
  name: 'destination',
  kind: 'json',
  words: [
    'Name',
    'Type',
    'URL',
    'Authentication',
    'ClientCertificateAuthentication',
    'URL.headers.x',
    'User',
    'Password',
    'ProxyType',
  ],
  corpus: async () =>
    bytesOf(
      '{"Name":"a","Type":"HTTP","URL":"https://a.example/x","Authentication":"NoAuthentication","ProxyType":"Internet"}',
      '{"Name":"b","Type":"HTTP","URL":"http://b.example","Authentication":"BasicAuthentication","User":"u","Password":"p","sap-client":100,"URL.headers.x":"y"}',
      '{"Name":"c","Type":"HTTP","URL":"https://c.example","Authentication":"ClientCertificateAuthentication","KeyStoreLocation":"c.p12","KeyStorePassword":"p"}',
    ),
  run(input) {
    const parsed = parseDestination(JSON.parse(textOf(input)))
    const again = decodeDestination(parsed.name, encodeDestination(parsed))
    expectThat(encodeDestination(again) === encodeDestination(parsed), 'a destination survives')
    return true
  },
  refuses,
}

/** Certificates as they are uploaded: JSON with the base64 of a file. */
export const certificateEntry: FuzzTarget = {
  name: 'certificate-entry',
  kind: 'json',
  words: ['Name', 'Content', 'Type', 'a.p12', 'a.pem', 'a.crt', 'a.jks', 'Attributes', '=='],
  async corpus() {
    const { pkcs12, pem } = await keystoreCorpus()
    const entry = (Name: string) => (file: Uint8Array) =>
      JSON.stringify({ Name, Content: Buffer.from(file).toString('base64'), Type: 'CERTIFICATE' })
    return bytesOf(...pkcs12.map(entry('a.p12')), ...pem.slice(0, 1).map(entry('a.pem')))
  },
  async run(input) {
    const { content } = await parseCertificateEntry(JSON.parse(textOf(input)))
    expectThat(content.length <= input.length, 'a file is not longer than its base64')
    return true
  },
  refuses,
}
