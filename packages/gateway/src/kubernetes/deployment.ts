import { z } from 'zod'
import { meaninglessField } from '../field.ts'
import { labelName, metadataOf, objectName, textMap } from '../metadata.ts'

function meaningless<Name extends string>(names: readonly Name[]) {
  return Object.fromEntries(names.map((name) => [name, meaninglessField])) as Record<
    Name,
    typeof meaninglessField
  >
}

const container = z.strictObject({
  name: labelName,
  image: z.string().optional(),
  ports: z
    .array(
      z.strictObject({
        name: z.string().optional(),
        containerPort: z.int().min(1).max(65_535),
        protocol: z.string().optional(),
        ...meaningless(['hostIP', 'hostPort']),
      }),
    )
    .optional(),
  ...meaningless([
    'args',
    'command',
    'env',
    'envFrom',
    'imagePullPolicy',
    'lifecycle',
    'livenessProbe',
    'readinessProbe',
    'resizePolicy',
    'resources',
    'restartPolicy',
    'restartPolicyRules',
    'securityContext',
    'startupProbe',
    'stdin',
    'stdinOnce',
    'terminationMessagePath',
    'terminationMessagePolicy',
    'tty',
    'volumeDevices',
    'volumeMounts',
    'workingDir',
  ]),
})

const podSpec = z.strictObject({
  containers: z.array(container).min(1, 'a pod needs a container'),
  serviceAccountName: z.string().optional(),
  serviceAccount: z.string().optional(),
  ...meaningless([
    'activeDeadlineSeconds',
    'affinity',
    'automountServiceAccountToken',
    'dnsConfig',
    'dnsPolicy',
    'enableServiceLinks',
    'ephemeralContainers',
    'hostAliases',
    'hostIPC',
    'hostNetwork',
    'hostPID',
    'hostUsers',
    'hostname',
    'hostnameOverride',
    'imagePullSecrets',
    'initContainers',
    'nodeName',
    'nodeSelector',
    'os',
    'overhead',
    'preemptionPolicy',
    'priority',
    'priorityClassName',
    'readinessGates',
    'resourceClaims',
    'resources',
    'restartPolicy',
    'runtimeClassName',
    'schedulerName',
    'schedulingGates',
    'securityContext',
    'setHostnameAsFQDN',
    'shareProcessNamespace',
    'subdomain',
    'terminationGracePeriodSeconds',
    'tolerations',
    'topologySpreadConstraints',
    'volumes',
  ]),
})

const spec = z
  .strictObject({
    replicas: z.int().min(0).optional(),
    selector: z.strictObject({
      matchLabels: textMap.optional(),
      matchExpressions: meaninglessField,
    }),
    template: z.strictObject({
      metadata: metadataOf(objectName).partial().optional(),
      spec: podSpec,
    }),
    ...meaningless([
      'minReadySeconds',
      'paused',
      'progressDeadlineSeconds',
      'revisionHistoryLimit',
      'strategy',
    ]),
  })
  .superRefine((value, context) => {
    const labels = value.template.metadata?.labels ?? {}
    const missed = Object.entries(value.selector.matchLabels ?? {}).some(
      ([name, wanted]) => labels[name] !== wanted,
    )
    if (!missed) return
    context.addIssue({
      code: 'custom',
      path: ['selector', 'matchLabels'],
      message: 'does not match the labels of spec.template',
    })
  })

/** Deployment (apps/v1): which pods stand behind a Service, their labels, image and account. */
export const deploymentSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Deployment'),
  metadata: metadataOf(objectName),
  spec,
})

/** A Deployment as it was read. */
export type DeploymentDocument = z.output<typeof deploymentSchema>
