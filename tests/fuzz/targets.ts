import type { FuzzTarget } from './target.ts'
import { certificate } from './targets/certificate.ts'
import { clientHello } from './targets/client-hello.ts'
import { der } from './targets/der.ts'
import { certificateEntry, destination, filter } from './targets/destinations.ts'
import { headerValue, names, path, pathTemplate, regex } from './targets/gateway-text.ts'
import { config, destinationExport, runState } from './targets/home-files.ts'
import { chunkedBody, httpResponse } from './targets/http-message.ts'
import { httpRequest } from './targets/http-request.ts'
import { jsonBodies } from './targets/json-bodies.ts'
import { keystoreFile, pkcs12 } from './targets/keystore.ts'
import { manifest } from './targets/manifest.ts'
import { nameDer } from './targets/name-der.ts'
import { nameText } from './targets/name-text.ts'
import { pem } from './targets/pem.ts'
import { revocationList } from './targets/revocation-list.ts'
import { sealed } from './targets/sealed.ts'
import { accessToken, form } from './targets/tokens.ts'
import { credentials, xfcc } from './targets/trust.ts'

/** Every parser of bytes or text that a stranger, a tenant or a file may bring. */
export const targets: readonly FuzzTarget[] = [
  ...[der, certificate, revocationList, pem, nameDer, nameText, pkcs12, keystoreFile],
  ...[clientHello, httpRequest, httpResponse, chunkedBody, xfcc, credentials],
  ...[manifest, path, pathTemplate, headerValue, regex, names],
  ...[filter, destination, certificateEntry, form, accessToken, jsonBodies],
  ...[sealed, config, runState, destinationExport],
]
