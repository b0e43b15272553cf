import type { UpstreamPool } from '@twinlatch/wire'
import { answerHttpbin } from './httpbin.ts'
import { callUrl } from './url.ts'
import type { WorkloadClient } from './workload.ts'

/** A client for every kind of target that can be called. */
export function createWorkloadClient(pool: UpstreamPool): WorkloadClient {
  return {
    request(target, request) {
      switch (target.kind) {
        case 'httpbin':
          return answerHttpbin(request)
        case 'url':
          return callUrl(pool, target, request)
        default:
          return Promise.reject(new TypeError('a workload without an endpoint was called'))
      }
    },
  }
}
