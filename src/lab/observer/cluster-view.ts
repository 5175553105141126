/** What the checks have in common: whose pod that is, which side a node is on, and what the record says now. */
import { gunzipSync } from 'node:zlib'
import type { Lab } from '../joined/lab.ts'
import type { GroupNames } from '../joined/world.ts'
import type { KubeObject } from '../kubernetes/object.ts'
import type { StoreChange } from '../kubernetes/store.ts'

export interface OpenRecord {
  id: string
  direction: string
  outgoing: string
  incoming: string
  /** Ids of launch templates that it writes a version of. */
  templates: readonly string[]
}

export interface ObservedCluster {
  changed(change: StoreChange): void
  /** `shop/Deployment/web`; ReplicaSets belong to their Deployment. */
  workloadOf(pod: KubeObject): string
  kindOf(pod: KubeObject): string
  /** The group whose instance a node is, while it is known. */
  groupOf(nodeName: string | undefined): string | undefined
  pairOf(group: string | undefined): GroupNames | undefined
  /** Records of runs that are open, by node group. */
  openRuns(): readonly OpenRecord[]
  /** The open run that a group takes part in. */
  runOf(group: string | undefined): OpenRecord | undefined
  /** Ids of instances that were asked to go by a call of ours. */
  readonly asked: Set<string>
}

export function createObservedCluster(lab: Lab): ObservedCluster {
  const groups = new Map<string, string>()
  const owners = new Map<string, string>()
  const asked = new Set<string>()
  let seenVersion: string | undefined
  let runs: readonly OpenRecord[] = []

  function groupOf(nodeName: string | undefined): string | undefined {
    if (nodeName === undefined) return undefined
    for (const group of lab.aws.account.groups.values()) {
      for (const { id } of group.instances) {
        const name = lab.nodeOf(id)
        if (name !== undefined) groups.set(name, group.name)
      }
    }
    return groups.get(nodeName)
  }

  function openRuns(): readonly OpenRecord[] {
    const found = lab.cluster.find('ConfigMap', 'kube-system', 'eks-node-upgrade')
    // Nothing of ours deletes it: where others have, what it said last is still what is going on.
    if (!found || found.metadata.resourceVersion === seenVersion) return runs
    seenVersion = found.metadata.resourceVersion
    const texts = Object.values((found.data ?? {}) as Record<string, string>)
    runs = texts.flatMap((text) => {
      const run = parsed(text)?.run
      if (!run) return []
      const { id, direction, outgoing, incoming, templateWrites = [] } = run
      const templates = templateWrites.map(({ template }: { template: string }) => template)
      return [{ id, direction, outgoing: outgoing.name, incoming: incoming.name, templates }]
    })
    return runs
  }

  function ownerKey(pod: KubeObject): string {
    const { uid, namespace, ownerReferences = [], name } = pod.metadata
    const known = owners.get(uid)
    if (known !== undefined) return known
    const owner = ownerReferences.find(({ controller }) => controller)
    let key = `${namespace}/Pod/${name}`
    if (owner) {
      const set = owner.kind === 'ReplicaSet' ? lab.cluster.find('ReplicaSet', namespace, owner.name) : undefined
      const above = set?.metadata.ownerReferences?.find(({ controller }) => controller)
      key = `${namespace}/${above?.kind ?? owner.kind}/${above?.name ?? owner.name}`
    }
    owners.set(uid, key)
    return key
  }

  return {
    changed({ object, type }) {
      // While it is there: afterwards it is unknown whose it was.
      if (object.kind === 'Node') groupOf(object.metadata.name)
      if (object.kind === 'Pod' && type !== 'DELETED') ownerKey(object)
    },
    workloadOf: ownerKey,
    kindOf: (pod) => ownerKey(pod).split('/')[1] ?? '',
    groupOf,
    pairOf: (group) => lab.pairs.find(({ blue, green }) => group === blue || group === green),
    openRuns,
    runOf: (group) => openRuns().find(({ outgoing, incoming }) => group === outgoing || group === incoming),
    asked
  }
}

function parsed(text: string) {
  try {
    const packed = text.startsWith('gzip:') ? Buffer.from(text.slice(5), 'base64') : undefined
    return JSON.parse(packed ? gunzipSync(packed).toString() : text)
  } catch {
    return undefined
  }
}

export function isServing(pod: KubeObject): boolean {
  const ready = pod.status?.conditions?.find((one: { type: string }) => one.type === 'Ready')
  return ready?.status === 'True' && pod.metadata.deletionTimestamp === undefined
}

export function hasFinished(pod: KubeObject): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** One that has to be somewhere else before its node may go. */
export function isMovable(pod: KubeObject, observed: ObservedCluster): boolean {
  const mirror = pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined
  return !mirror && !hasFinished(pod) && observed.kindOf(pod) !== 'DaemonSet'
}

export function isSchedulable(node: KubeObject): boolean {
  const ready = node.status?.conditions?.find((one: { type: string }) => one.type === 'Ready')
  return !node.spec?.unschedulable && ready?.status === 'True'
}
