import { type VirtualClock, virtualClock } from '../../../src/lab/clock.ts'
import { type ApiStatus, isApiError } from '../../../src/lab/kubernetes/api-error.ts'
import { createCluster, type LabCluster } from '../../../src/lab/kubernetes/cluster.ts'
import { isTrue, type KubeObject, type NewObject, type Raw } from '../../../src/lab/kubernetes/object.ts'

/** A cluster with nodes n0, n1, ... in zones a, b, c, all Ready. */
export async function smallCluster(nodes = 3, seed = 1): Promise<{ clock: VirtualClock; cluster: LabCluster }> {
  const clock = virtualClock({ seed })
  const cluster = createCluster({ clock })
  for (let i = 0; i < nodes; i++) addNode(cluster, `n${i}`, 'abc'[i % 3] as string)
  await clock.run(clock.sleep(1000))
  return { clock, cluster }
}

export function addNode(
  cluster: LabCluster,
  name: string,
  zone = 'a',
  annotations: Record<string, string> = {}
): KubeObject {
  return cluster.addNode({
    name,
    providerId: `aws:///eu-west-1${zone}/i-${name}`,
    zone: `eu-west-1${zone}`,
    annotations
  })
}

export function deployment(
  name: string,
  replicas: number,
  more: { spec?: Raw; pod?: Raw; annotations?: Raw } = {}
): NewObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'shop' },
    spec: workload(name, replicas, more)
  }
}

export function statefulSet(
  name: string,
  replicas: number,
  more: { spec?: Raw; pod?: Raw; annotations?: Raw } = {}
): NewObject {
  const spec = { serviceName: name, ...workload(name, replicas, more) }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name, namespace: 'shop' }, spec }
}

function workload(
  name: string,
  replicas: number,
  { spec, pod, annotations }: { spec?: Raw; pod?: Raw; annotations?: Raw }
): Raw {
  return { replicas, selector: { matchLabels: { app: name } }, template: template(name, pod, annotations), ...spec }
}

export function template(name: string, pod: Raw = {}, annotations: Raw = {}): Raw {
  return {
    metadata: { labels: { app: name }, annotations },
    spec: { containers: [{ name: 'app', image: 'app:1' }], ...pod }
  }
}

export function budget(name: string, spec: Raw): NewObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: { app: name } }, ...spec }
  }
}

export function podsOf(cluster: LabCluster, app: string): KubeObject[] {
  return cluster.list('Pod', 'shop').filter((pod) => pod.metadata.labels?.app === app)
}

export function readyPodsOf(cluster: LabCluster, app: string): KubeObject[] {
  return podsOf(cluster, app).filter((pod) => isTrue(pod, 'Ready') && !pod.metadata.deletionTimestamp)
}

/** The Status with which the call is refused. */
export function refusal(call: () => unknown): ApiStatus {
  try {
    call()
  } catch (error) {
    if (isApiError(error)) return error.status
    throw error
  }
  throw new Error('it was not refused')
}
