// An application as any user would write it: finds a destination by name and calls it. It knows
// nothing of Twinlatch; what it needs is in its environment.
import { getDestination } from '@sap-cloud-sdk/connectivity'
import { executeHttpRequest } from '@sap-cloud-sdk/http-client'

const destinationName = process.argv[2] ?? 'httpbin-x509'
const destination = await getDestination({ destinationName })
const response = await executeHttpRequest({ destinationName }, { method: 'get', url: '/headers' })
process.stdout.write(
  `${JSON.stringify({
    url: destination?.url,
    authentication: destination?.authentication,
    certificates: destination?.certificates?.map(({ name }) => name),
    status: response.status,
    headers: response.data.headers,
  })}\n`,
)
