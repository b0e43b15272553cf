import type { EdgeFault } from '../exchange.ts'

/** What is wrong with a request and what its client is told (gateway.md sections 9.4 and 15). */
export interface RequestFault {
  readonly status: EdgeFault<unknown>['status']
  readonly body: string
  /** For the operator; names fields, never quotes their values. */
  readonly detail: string
}

const bodies: ReadonlyMap<number, string> = new Map([
  [400, 'Bad Request'],
  [408, 'Request Timeout'],
  [413, 'Payload Too Large'],
  [426, 'Upgrade Required'],
  [431, 'Request Header Fields Too Large'],
  [501, 'Not Implemented'],
])

/** A fault with the body that its status has in gateway.md section 15 (403 and 404: none). */
export function requestFault(status: RequestFault['status'], detail: string): RequestFault {
  return { status, body: bodies.get(status) ?? '', detail }
}

/** Thrown by the readers of a request; never leaves this package. */
export class RequestRefusal extends Error {
  readonly fault: RequestFault

  constructor(fault: RequestFault) {
    super(fault.detail)
    this.name = 'RequestRefusal'
    this.fault = fault
  }
}

/** A refusal with status 400, for readers that only know what is malformed. */
export function badRequest(what: string): RequestRefusal {
  return new RequestRefusal(requestFault(400, what))
}
