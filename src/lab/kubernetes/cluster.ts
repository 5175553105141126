/**
 * A small Kubernetes in one process: an API server's store, the controllers, a scheduler and kubelets, all on one clock.
 * It keeps raw API objects; `http.ts` serves it as a REST API. What it cannot do truthfully it refuses.
 */
import type { LabClock } from '../clock.ts'
import type { ApiStatus } from './api-error.ts'
import { attachmentController, type Mounts } from './controllers/attachment.ts'
import { daemonSetController } from './controllers/daemon-set.ts'
import { deploymentController } from './controllers/deployment.ts'
import { disruptionController } from './controllers/disruption.ts'
import { garbageCollector } from './controllers/garbage.ts'
import { jobController } from './controllers/job.ts'
import { nodeLifecycleController } from './controllers/node-lifecycle.ts'
import { replicaSetController } from './controllers/replica-set.ts'
import { statefulSetController } from './controllers/stateful-set.ts'
import { volumeBinder } from './controllers/volume-binder.ts'
import type { ControllerContext, Timing } from './controllers/workqueue.ts'
import { answerEviction, type Eviction } from './eviction.ts'
import { kubelets } from './kubelet.ts'
import type { KubeObject, NewObject, Raw } from './object.ts'
import { resourceOfKind } from './resource.ts'
import { scheduler } from './scheduler.ts'
import { createStore, type ObjectStore } from './store.ts'
import { type Selection, type StoreWatchEvent, watchStore } from './watch.ts'

export interface LabClusterOptions {
  clock: LabClock
  timing?: Partial<Timing>
  /** As `/version` and new kubelets say it; default `1.37`. */
  version?: string
}

export interface NewNode {
  name: string
  /** `aws:///ZONE/INSTANCE`. Without one no kubelet lives there. */
  providerId: string
  zone: string
  instanceType?: string
  labels?: Record<string, string>
  taints?: readonly { key: string; value?: string; effect: string }[]
  annotations?: Record<string, string>
}

/** Everything is done at once; answers that say no are thrown as `ApiError` with the Status of a real API server. */
export interface LabCluster
  extends Pick<
    ObjectStore,
    'create' | 'find' | 'get' | 'list' | 'update' | 'patch' | 'remove' | 'revision' | 'compact'
  > {
  readonly clock: LabClock
  readonly store: ObjectStore
  readonly version: string
  evict(namespace: string, name: string, body?: Partial<Eviction>, dryRun?: boolean): ApiStatus
  /** Events from now on (or from a revision), each delivered on a turn of the clock of its own. */
  watch(
    kind: string,
    onEvent: (event: StoreWatchEvent) => void,
    options?: Omit<Selection, 'kind'> & { since?: number }
  ): () => void
  addNode(node: NewNode): KubeObject
  /** As if its machine were switched off and the cloud had said so. */
  removeNode(name: string): void
  /** Creates objects, or makes the spec and metadata of existing ones be as given. Missing namespaces are made. */
  apply(objects: readonly NewObject[]): KubeObject[]
  /** Sets annotations, or takes away those given as null: how a test makes a pod or node misbehave. */
  annotate(kind: string, namespace: string | undefined, name: string, annotations: Record<string, string | null>): void
  namespace(name: string): void
}

const timing: Timing = { controllerMs: 5, schedulerMs: 5, nodeMonitorGraceMs: 40_000 }

export function createCluster(options: LabClusterOptions): LabCluster {
  const { clock, version = '1.37' } = options
  const store = createStore({ now: clock.now, random: clock.random })
  start({ clock, store, timing: { ...timing, ...options.timing } })
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) namespace(name)

  function namespace(name: string): void {
    if (!store.find('Namespace', undefined, name))
      store.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  function addNode({
    name,
    providerId,
    zone,
    instanceType = 'm7i.large',
    labels,
    taints,
    annotations
  }: NewNode): KubeObject {
    return store.create({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: {
        name,
        labels: {
          'kubernetes.io/hostname': name,
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'topology.kubernetes.io/zone': zone,
          'topology.kubernetes.io/region': zone.replace(/[a-z]$/, ''),
          'node.kubernetes.io/instance-type': instanceType,
          ...labels
        },
        annotations: {
          'volumes.kubernetes.io/controller-managed-attach-detach': 'true',
          'simulated/kubelet-version': version,
          ...annotations
        }
      },
      spec: { providerID: providerId, ...(taints?.length ? { taints: taints.map((taint) => ({ ...taint })) } : {}) }
    })
  }

  function apply(objects: readonly NewObject[]): KubeObject[] {
    return objects.map((object) => {
      const { kind, metadata } = object
      const namespaced = resourceOfKind(kind).namespaced
      const full =
        namespaced && !metadata.namespace ? { ...object, metadata: { ...metadata, namespace: 'default' } } : object
      if (namespaced) namespace(full.metadata.namespace as string)
      const found = metadata.name ? store.find(kind, full.metadata.namespace, metadata.name) : undefined
      if (!found) return store.create(full)
      const { status: _, ...rest } = full as Raw
      return store.patch(kind, full.metadata.namespace, found.metadata.name, rest, 'merge')
    })
  }

  function watch(
    kind: string,
    onEvent: (event: StoreWatchEvent) => void,
    { since, ...selection }: Omit<Selection, 'kind'> & { since?: number } = {}
  ) {
    let stopped = false
    const later = (event: StoreWatchEvent) =>
      clock.after(0, () => {
        if (!stopped) onEvent(event)
      })
    const stop = watchStore(store, { kind, ...selection }, since ?? store.revision(), later)
    return () => {
      stopped = true
      stop()
    }
  }

  return {
    clock,
    store,
    version,
    create: store.create,
    find: store.find,
    get: store.get,
    list: store.list,
    update: store.update,
    patch: store.patch,
    remove: store.remove,
    revision: store.revision,
    compact: store.compact,
    evict: (inNamespace, name, body = {}, dryRun = false) =>
      answerEviction(
        store,
        clock.now,
        { namespace: inNamespace, name },
        { metadata: { name, namespace: inNamespace }, ...body },
        dryRun
      ),
    watch,
    addNode,
    removeNode(name) {
      if (store.find('Node', undefined, name)) store.remove('Node', undefined, name)
    },
    apply,
    annotate(kind, inNamespace, name, annotations) {
      store.patch(kind, inNamespace, name, { metadata: { annotations } }, 'merge')
    },
    namespace
  }
}

function start(world: ControllerContext): void {
  const mounts: Mounts = new Set()
  const nodes = kubelets(world, mounts)
  const parts = [
    nodes,
    scheduler(world),
    deploymentController(world),
    replicaSetController(world),
    statefulSetController(world),
    daemonSetController(world),
    jobController(world),
    disruptionController(world),
    nodeLifecycleController(world, nodes),
    volumeBinder(world),
    attachmentController(world, mounts),
    garbageCollector(world)
  ]
  world.store.listen((change) => {
    for (const part of parts) part.onChange(change)
  })
}
