/** Attribute types of X.520, below 2.5.4. */
const x520 = new Map<number, string>([
  [3, 'CN'],
  [4, 'SN'],
  [5, 'serialNumber'],
  [6, 'C'],
  [7, 'L'],
  [8, 'ST'],
  [9, 'street'],
  [10, 'O'],
  [11, 'OU'],
  [12, 'title'],
  [13, 'description'],
  [14, 'searchGuide'],
  [15, 'businessCategory'],
  [16, 'postalAddress'],
  [17, 'postalCode'],
  [18, 'postOfficeBox'],
  [19, 'physicalDeliveryOfficeName'],
  [20, 'telephoneNumber'],
  [21, 'telexNumber'],
  [22, 'teletexTerminalIdentifier'],
  [23, 'facsimileTelephoneNumber'],
  [24, 'x121Address'],
  [25, 'internationaliSDNNumber'],
  [26, 'registeredAddress'],
  [27, 'destinationIndicator'],
  [28, 'preferredDeliveryMethod'],
  [29, 'presentationAddress'],
  [30, 'supportedApplicationContext'],
  [31, 'member'],
  [32, 'owner'],
  [33, 'roleOccupant'],
  [34, 'seeAlso'],
  [35, 'userPassword'],
  [36, 'userCertificate'],
  [37, 'cACertificate'],
  [38, 'authorityRevocationList'],
  [39, 'certificateRevocationList'],
  [40, 'crossCertificatePair'],
  [41, 'name'],
  [42, 'GN'],
  [43, 'initials'],
  [44, 'generationQualifier'],
  [45, 'x500UniqueIdentifier'],
  [46, 'dnQualifier'],
  [47, 'enhancedSearchGuide'],
  [48, 'protocolInformation'],
  [49, 'distinguishedName'],
  [50, 'uniqueMember'],
  [51, 'houseIdentifier'],
  [52, 'supportedAlgorithms'],
  [53, 'deltaRevocationList'],
  [54, 'dmdName'],
  [65, 'pseudonym'],
  [72, 'role'],
])

/** Attribute types of the COSINE pilot (RFC 4524 and older), below 0.9.2342.19200300.100.1. */
const pilot = new Map<number, string>([
  [1, 'UID'],
  [2, 'textEncodedORAddress'],
  [3, 'mail'],
  [4, 'info'],
  [5, 'favouriteDrink'],
  [6, 'roomNumber'],
  [7, 'photo'],
  [8, 'userClass'],
  [9, 'host'],
  [10, 'manager'],
  [11, 'documentIdentifier'],
  [12, 'documentTitle'],
  [13, 'documentVersion'],
  [14, 'documentAuthor'],
  [15, 'documentLocation'],
  [20, 'homeTelephoneNumber'],
  [21, 'secretary'],
  [22, 'otherMailbox'],
  [23, 'lastModifiedTime'],
  [24, 'lastModifiedBy'],
  [25, 'DC'],
  [26, 'aRecord'],
  [27, 'pilotAttributeType27'],
  [28, 'mXRecord'],
  [29, 'nSRecord'],
  [30, 'sOARecord'],
  [31, 'cNAMERecord'],
  [37, 'associatedDomain'],
  [38, 'associatedName'],
  [39, 'homePostalAddress'],
  [40, 'personalTitle'],
  [41, 'mobileTelephoneNumber'],
  [42, 'pagerTelephoneNumber'],
  [43, 'friendlyCountryName'],
  [45, 'organizationalStatus'],
  [46, 'janetMailbox'],
  [47, 'mailPreferenceOption'],
  [48, 'buildingName'],
  [49, 'dSAQuality'],
  [50, 'singleLevelQuality'],
  [51, 'subtreeMinimumQuality'],
  [52, 'subtreeMaximumQuality'],
  [53, 'personalSignature'],
  [54, 'dITRedirect'],
  [55, 'audio'],
  [56, 'documentPublisher'],
])

const others = new Map<string, string>([
  ['1.2.840.113549.1.9.1', 'emailAddress'],
  ['1.2.840.113549.1.9.2', 'unstructuredName'],
  ['1.2.840.113549.1.9.3', 'contentType'],
  ['1.2.840.113549.1.9.4', 'messageDigest'],
  ['1.2.840.113549.1.9.5', 'signingTime'],
  ['1.2.840.113549.1.9.6', 'countersignature'],
  ['1.2.840.113549.1.9.7', 'challengePassword'],
  ['1.2.840.113549.1.9.8', 'unstructuredAddress'],
  ['1.2.840.113549.1.9.9', 'extendedCertificateAttributes'],
  ['1.2.840.113549.1.9.14', 'extReq'],
  ['1.2.840.113549.1.9.15', 'SMIME-CAPS'],
  ['1.2.840.113549.1.9.16', 'SMIME'],
  ['1.2.840.113549.1.9.20', 'friendlyName'],
  ['1.2.840.113549.1.9.21', 'localKeyID'],
  ['1.3.6.1.4.1.311.20.2.3', 'msUPN'],
])

/** Known to OpenSSL 3 but not to Envoy's library, which prints them as number and hex. */
const opensslOnly = new Map<string, string>([
  ['2.5.4.97', 'organizationIdentifier'],
  ['2.5.4.98', 'c3'],
  ['2.5.4.99', 'n3'],
  ['2.5.4.100', 'dnsName'],
  ['1.3.6.1.4.1.311.60.2.1.1', 'jurisdictionL'],
  ['1.3.6.1.4.1.311.60.2.1.2', 'jurisdictionST'],
  ['1.3.6.1.4.1.311.60.2.1.3', 'jurisdictionC'],
  ['0.9.2342.19200300.100.1.44', 'uid'],
  ['1.2.643.3.131.1.1', 'INN'],
  ['1.2.643.100.1', 'OGRN'],
  ['1.2.643.100.3', 'SNILS'],
])

/** Spellings people type besides the short names; lower case (pki.md section 2.3). */
const aliases = new Map<string, string>([
  ['s', '2.5.4.8'],
  ['sp', '2.5.4.8'],
  ['stateorprovincename', '2.5.4.8'],
  ['commonname', '2.5.4.3'],
  ['countryname', '2.5.4.6'],
  ['localityname', '2.5.4.7'],
  ['organizationname', '2.5.4.10'],
  ['organizationalunitname', '2.5.4.11'],
  ['streetaddress', '2.5.4.9'],
  ['surname', '2.5.4.4'],
  ['givenname', '2.5.4.42'],
  ['g', '2.5.4.42'],
  ['t', '2.5.4.12'],
  ['generation', '2.5.4.44'],
  ['dnq', '2.5.4.46'],
  ['userid', '0.9.2342.19200300.100.1.1'],
  ['domaincomponent', '0.9.2342.19200300.100.1.25'],
  ['e', '1.2.840.113549.1.9.1'],
  ['email', '1.2.840.113549.1.9.1'],
])

const envoyNames = new Map<string, string>([
  ...[...x520].map(([arc, name]) => [`2.5.4.${arc}`, name] as const),
  ...[...pilot].map(([arc, name]) => [`0.9.2342.19200300.100.1.${arc}`, name] as const),
  ...others,
])

// `uid` of OpenSSL is another attribute than `UID`: typed text always means the latter.
const typedNames = new Map<string, string>([
  ...[...opensslOnly]
    .filter(([, name]) => name !== 'uid')
    .map(([oid, n]) => [n.toLowerCase(), oid] as const),
  ...aliases,
  ...[...envoyNames].map(([oid, name]) => [name.toLowerCase(), oid] as const),
])

/** Object identifiers of the attribute types that rules of this package name. */
export const attributeOid = {
  country: '2.5.4.6',
  serialNumber: '2.5.4.5',
  commonName: '2.5.4.3',
  emailAddress: '1.2.840.113549.1.9.1',
  domainComponent: '0.9.2342.19200300.100.1.25',
} as const

/** Short name Envoy prints for an attribute type, or `undefined`: then it prints the number. */
export function envoyAttributeName(oid: string): string | undefined {
  return envoyNames.get(oid)
}

/** Short name OpenSSL 3 prints for an attribute type. */
export function opensslAttributeName(oid: string): string | undefined {
  return envoyNames.get(oid) ?? opensslOnly.get(oid)
}

/** Object identifier of a short name or alias in any case, or `undefined`. */
export function attributeOidOf(name: string): string | undefined {
  return typedNames.get(name.toLowerCase())
}
