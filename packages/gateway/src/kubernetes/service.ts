import { messageOf } from '@twinlatch/kit'
import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { labelName, metadataOf, textMap } from '../metadata.ts'
import { parseUpstreamAddress, upstreamAnnotation } from '../upstream-address.ts'

const servicePort = z.strictObject({
  name: z.string().optional(),
  port: z.int().min(1).max(65_535),
  targetPort: z
    .union([z.int().min(1).max(65_535), z.string().min(1)], 'neither a port number nor a port name')
    .optional(),
  protocol: z.enum(['TCP', 'UDP', 'SCTP']).optional(),
  appProtocol: meaninglessField,
  nodePort: meaninglessField,
})

const spec = z.strictObject({
  selector: textMap.optional(),
  ports: z.array(servicePort).optional(),
  type: z.enum(['ClusterIP', 'NodePort', 'LoadBalancer', 'ExternalName']).optional(),
  externalName: z.string().optional(),
  allocateLoadBalancerNodePorts: meaninglessField,
  clusterIP: meaninglessField,
  clusterIPs: meaninglessField,
  externalIPs: meaninglessField,
  externalTrafficPolicy: meaninglessField,
  healthCheckNodePort: meaninglessField,
  internalTrafficPolicy: meaninglessField,
  ipFamilies: meaninglessField,
  ipFamilyPolicy: meaninglessField,
  loadBalancerClass: meaninglessField,
  loadBalancerIP: meaninglessField,
  loadBalancerSourceRanges: meaninglessField,
  publishNotReadyAddresses: meaninglessField,
  sessionAffinity: meaninglessField,
  sessionAffinityConfig: meaninglessField,
  trafficDistribution: meaninglessField,
})

/** Service (v1): name, ports and the pods it selects; the annotation `twinlatch.dev/upstream` says where it is. */
export const serviceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Service'),
  metadata: metadataOf(labelName).superRefine((metadata, context) => {
    const address = metadata.annotations?.[upstreamAnnotation]
    if (address === undefined) return
    try {
      parseUpstreamAddress(address)
    } catch (error) {
      const path = ['annotations', upstreamAnnotation]
      context.addIssue({ code: 'custom', path, message: messageOf(error) })
    }
  }),
  spec,
})

/** A Service as it was read. */
export type ServiceDocument = z.output<typeof serviceSchema>
