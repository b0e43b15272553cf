import type { HeaderLines, RequestHead } from '@twinlatch/wire'
import { valuesOf } from '../../header-lines.ts'
import type { Denial, LocalAnswer } from './transaction.ts'

/**
 * An error answer as Envoy gives it: the class as plain text, nothing about the reason; for gRPC a
 * 200 with the status in its own headers (gateway.md section 15).
 */
export function errorAnswer(
  request: RequestHead,
  status: number,
  body: string,
  denial: Denial,
): LocalAnswer {
  const grpc = valuesOf(request.headers, 'content-type').some((type) =>
    /^application\/grpc($|[+;])/i.test(type),
  )
  if (!grpc) {
    const headers: HeaderLines = body === '' ? [] : [['content-type', 'text/plain']]
    return { status, body, headers, denial }
  }
  const headers: [string, string][] = [
    ['content-type', 'application/grpc'],
    ['grpc-status', `${grpcStatusOf.get(status) ?? grpcUnknown}`],
  ]
  if (body !== '') headers.push(['grpc-message', body])
  return { status: 200, body: '', headers, denial }
}

/** Body of a denied request; the only thing its sender is told (gateway.md section 11.3). */
export const deniedBody = 'RBAC: access denied'

const grpcUnknown = 2

/** The mapping of gRPC's "HTTP to gRPC Status Code Mapping" for what we answer. */
const grpcStatusOf = new Map([
  [400, 13],
  [401, 16],
  [403, 7],
  [404, 12],
  [502, 14],
  [503, 14],
  [504, 14],
])
