/** Objects to fill a world with, as short as a test or a demonstration wants to say them. Everything lives in `shop`. */
import type { NewObject, Raw } from '../kubernetes/object.ts'

export interface PodOptions {
  /** Such as `5s`; or `never`. One second unless it says more. */
  readyAfter?: string
  stopsAfter?: string
  completesAfter?: string
  cpu?: string
  memory?: string
  annotations?: Readonly<Record<string, string>>
  /** More of the pod's spec. */
  pod?: Raw
  /** More of the workload's spec. */
  spec?: Raw
  namespace?: string
}

function podTemplate(name: string, options: PodOptions = {}): Raw {
  const { readyAfter, stopsAfter, completesAfter, cpu = '100m', memory = '64Mi', pod, annotations } = options
  const simulated = {
    'simulated/ready-after': readyAfter,
    'simulated/stops-after': stopsAfter,
    'simulated/completes-after': completesAfter
  }
  const said = Object.entries(simulated).filter(([, value]) => value !== undefined)
  return {
    metadata: { labels: { app: name }, annotations: { ...Object.fromEntries(said), ...annotations } },
    spec: {
      containers: [{ name: 'app', image: `${name}:1`, resources: { requests: { cpu, memory } } }],
      ...pod
    }
  }
}

function controlled(name: string, replicas: number, options: PodOptions): Raw {
  return {
    replicas,
    selector: { matchLabels: { app: name } },
    template: podTemplate(name, options),
    ...options.spec
  }
}

const meta = (name: string, { namespace = 'shop' }: PodOptions) => ({ name, namespace })

export function deployment(name: string, replicas: number, options: PodOptions = {}): NewObject {
  const spec = controlled(name, replicas, options)
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta(name, options), spec }
}

export function statefulSet(name: string, replicas: number, options: PodOptions = {}): NewObject {
  const spec = { serviceName: name, ...controlled(name, replicas, options) }
  return { apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: meta(name, options), spec }
}

export function daemonSet(name: string, options: PodOptions = {}): NewObject {
  const everywhere = { tolerations: [{ operator: 'Exists' }], ...options.pod }
  const template = podTemplate(name, { ...options, pod: everywhere })
  const spec = { selector: { matchLabels: { app: name } }, template, ...options.spec }
  return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta(name, options), spec }
}

export function job(name: string, parallelism: number, options: PodOptions = {}): NewObject {
  const template = podTemplate(name, { ...options, pod: { restartPolicy: 'Never', ...options.pod } })
  const spec = { parallelism, completions: parallelism, backoffLimit: 6, template, ...options.spec }
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: meta(name, options), spec }
}

export function barePod(name: string, options: PodOptions = {}): NewObject {
  const { metadata, spec } = podTemplate(name, options)
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...meta(name, options), ...metadata }, spec }
}

/** `spec` such as `{ maxUnavailable: 1 }`; selects the workload of that name unless it says more. */
export function budget(name: string, spec: Raw, options: PodOptions & { of?: string } = {}): NewObject {
  const selector = { matchLabels: { app: options.of ?? name } }
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: meta(name, options),
    spec: { selector, ...spec }
  }
}

/** A shop as many have it: 60 pods that move, within budgets and without; a singleton; state; agents on every node. */
export function shopObjects(paces: PodOptions = {}): NewObject[] {
  const pace = { readyAfter: '5s', stopsAfter: '2s', ...paces }
  return [
    deployment('payments', 6, pace),
    budget('payments', { maxUnavailable: 1 }),
    deployment('cart', 8, pace),
    budget('cart', { minAvailable: '75%' }),
    deployment('search', 12, pace),
    budget('search', { maxUnavailable: '25%' }),
    deployment('web', 16, pace),
    deployment('recommendations', 9, pace),
    deployment('mail', 4, pace),
    deployment('ledger', 1, pace),
    deployment('admin', 1, pace),
    statefulSet('events', 3, pace),
    daemonSet('agent', { readyAfter: '2s' })
  ]
}
