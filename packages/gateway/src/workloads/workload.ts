import { Readable } from 'node:stream'
import type { UpstreamRequest, UpstreamResponse } from '@twinlatch/wire'
import type { WorkloadTarget } from '../compiled.ts'

/** A request to a workload: everything but where it goes. */
export type WorkloadRequest = Omit<UpstreamRequest, 'target'>

/** Something that answers requests, in this process or behind a URL. */
export interface WorkloadClient {
  /** Rejects, and never throws. */
  request(target: WorkloadTarget, request: WorkloadRequest): Promise<UpstreamResponse>
}

/** Whether a body was begun to be read, so that it cannot be sent again. */
export function wasRead(body: WorkloadRequest['body']): boolean {
  return body instanceof Readable && body.readableDidRead
}
