// What runs on the ground, as data: Deployments with and without budgets, singletons, StatefulSets, a DaemonSet, Jobs.
import type { KubernetesObject } from './kubernetes-client.ts'

export interface Made {
  path: string
  object: KubernetesObject
}

interface PodOptions {
  cpu?: string
  /** Becomes Ready this long after its start; without it the node's tag decides, which lets a group's nodes be bad. */
  readyAfter?: string
  stopsAfter?: string
  completesAfter?: string
  spec?: object
}

/** What every ground's objects have, so that they can be removed again. */
export const groundLabel = 'e2e-ground'

function template(name: string, options: PodOptions = {}): object {
  const annotations: Record<string, string> = { 'simulated/stops-after': options.stopsAfter ?? '500ms' }
  if (options.readyAfter) annotations['simulated/ready-after'] = options.readyAfter
  if (options.completesAfter) annotations['simulated/completes-after'] = options.completesAfter
  return {
    metadata: { labels: { app: name }, annotations },
    spec: {
      terminationGracePeriodSeconds: 15,
      containers: [
        { name: 'main', image: 'app:1', resources: { requests: { cpu: options.cpu ?? '100m', memory: '64Mi' } } }
      ],
      ...options.spec
    }
  }
}

function metadata(namespace: string, name: string): KubernetesObject['metadata'] {
  return { namespace, name, labels: { app: name, [groundLabel]: 'true' } }
}

export function deployment(namespace: string, name: string, replicas: number, pod: PodOptions = {}, spec = {}): Made {
  return {
    path: `/apis/apps/v1/namespaces/${namespace}/deployments`,
    object: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: metadata(namespace, name),
      spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name, pod), ...spec }
    }
  }
}

function statefulSet(namespace: string, name: string, replicas: number, pod: PodOptions = {}): Made {
  return {
    path: `/apis/apps/v1/namespaces/${namespace}/statefulsets`,
    object: {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: metadata(namespace, name),
      spec: {
        replicas,
        serviceName: name,
        selector: { matchLabels: { app: name } },
        template: template(name, pod)
      }
    }
  }
}

function daemonSet(namespace: string, name: string, pod: PodOptions = {}): Made {
  return {
    path: `/apis/apps/v1/namespaces/${namespace}/daemonsets`,
    object: {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: metadata(namespace, name),
      spec: { selector: { matchLabels: { app: name } }, template: template(name, pod) }
    }
  }
}

function job(namespace: string, name: string, parallelism: number, pod: PodOptions): Made {
  const made = template(name, { ...pod, spec: { restartPolicy: 'Never', ...pod.spec } })
  return {
    path: `/apis/batch/v1/namespaces/${namespace}/jobs`,
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: metadata(namespace, name),
      spec: { parallelism, completions: parallelism, backoffLimit: 6, template: made }
    }
  }
}

export function budget(namespace: string, name: string, spec: object): Made {
  return {
    path: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets`,
    object: {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: metadata(namespace, name),
      spec: { selector: { matchLabels: { app: name } }, ...spec }
    }
  }
}

/** 65 pods that have to move, 6 of a DaemonSet that stay, and Jobs; six nodes of 4 cores hold them easily. */
export function shop(namespace: string, jobRunsFor = '15s'): Made[] {
  const dedicated = { tolerations: [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }] }
  const everywhere = { tolerations: [{ operator: 'Exists' }], priorityClassName: 'system-node-critical' }
  const byZone = { maxSkew: 2, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' }
  const spread = { topologySpreadConstraints: [{ ...byZone, labelSelector: { matchLabels: { app: 'search' } } }] }
  return [
    deployment(namespace, 'web', 14, { stopsAfter: '1s' }),
    budget(namespace, 'web', { maxUnavailable: '25%' }),
    deployment(namespace, 'api', 10, {}, { minReadySeconds: 1 }),
    budget(namespace, 'api', { minAvailable: 7 }),
    deployment(namespace, 'worker', 12, { spec: dedicated }),
    deployment(namespace, 'search', 6, { spec: spread }),
    budget(namespace, 'search', { minAvailable: '60%' }),
    deployment(namespace, 'cache', 6),
    deployment(namespace, 'pair', 2),
    // One replica: no eviction can move it without a gap; the second cannot even be evicted.
    deployment(namespace, 'ledger', 1),
    deployment(namespace, 'vault', 1),
    budget(namespace, 'vault', { minAvailable: 1 }),
    statefulSet(namespace, 'db', 3),
    budget(namespace, 'db', { maxUnavailable: 1 }),
    statefulSet(namespace, 'queue', 2),
    deployment('kube-system', 'dns', 3, { spec: { priorityClassName: 'system-cluster-critical' } }),
    budget('kube-system', 'dns', { maxUnavailable: 1 }),
    deployment('kube-system', 'metrics', 2),
    deployment('kube-system', 'webhook', 3),
    // The nodes' own pods are well on bad nodes as well: only what moves there is not.
    daemonSet('kube-system', 'agent', { cpu: '20m', readyAfter: '300ms', spec: everywhere }),
    job(namespace, 'report', 2, { completesAfter: jobRunsFor }),
    job(namespace, 'done-before', 2, { completesAfter: '1ms' })
  ]
}
