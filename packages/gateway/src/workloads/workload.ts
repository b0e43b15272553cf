import type { UpstreamRequest, UpstreamResponse } from '@twinlatch/wire'
import type { WorkloadTarget } from '../compiled.ts'

/** A request to a workload: everything but where it goes. */
export type WorkloadRequest = Omit<UpstreamRequest, 'target'>

/** Something that answers requests, in this process or behind a URL. */
export interface WorkloadClient {
  request(target: WorkloadTarget, request: WorkloadRequest): Promise<UpstreamResponse>
}
