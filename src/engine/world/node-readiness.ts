/** Whether a new node can really take pods: one reason at a time why not yet. Unknown is not usable. */
import type { Node } from '../model/cluster.ts'
import { cordonedTaint } from '../model/names.ts'
import type { Instance } from '../model/node-group.ts'
import { fitOf } from '../policy/scheduling-fit.ts'
import { nodeMatches } from '../policy/selectors.ts'
import type { OpenRun } from '../record/record.ts'
import { plannedNow } from './template-versions.ts'
import { nodeOf, type World } from './world.ts'

export type Usability =
  | { usable: true }
  /** `phase` says whose clock runs: AWS's until the instance is in service, the node's after that. */
  | { usable: false; phase: 'launch' | 'join'; rule: UsabilityRule; why: string }

export type UsabilityRule =
  | 'not-in-service'
  | 'unhealthy'
  | 'unplanned-template'
  | 'not-registered'
  | 'not-ready'
  | 'not-stable'
  | 'startup-taint'
  | 'node-condition'
  | 'cordoned-by-others'
  | 'csi-driver-missing'
  | 'daemonset-pod-missing'

export function usability(instance: Instance, world: World, run: OpenRun): Usability {
  const { lifecycle, healthy, template } = instance
  if (lifecycle !== 'InService') return no('launch', 'not-in-service', `the instance is ${lifecycle}`)
  if (!healthy) return no('launch', 'unhealthy', 'the instance is Unhealthy')
  const planned = plannedNow(world, run)
  if (planned.length > 0 && !planned.includes(template ? `${template.id}:${template.version}` : 'unknown')) {
    const versions = planned.map((one) => one.split(':')[1]).join(', ')
    const why = `it was launched from template version ${template?.version ?? 'unknown'}, and ${versions} was planned`
    return no('launch', 'unplanned-template', why)
  }
  const node = nodeOf(world.incoming, instance)
  if (!node) return no('join', 'not-registered', 'it has not registered as a node')
  return nodeTrouble(node, world, run) ?? driverMissing(node, world) ?? daemonMissing(node, world) ?? { usable: true }
}

function nodeTrouble(node: Node, world: World, run: OpenRun): Usability | undefined {
  if (node.ready !== 'True') {
    const message = node.readyMessage ? `: ${node.readyMessage}` : ''
    return no('join', 'not-ready', `${node.name} is ${node.ready === 'False' ? 'NotReady' : 'Unknown'}${message}`)
  }
  const readyFor = world.now - (world.observations.readySince.get(node.uid) ?? world.now)
  if (readyFor < run.settings.stableMs) {
    const seconds = Math.floor(readyFor / 1000)
    return no('join', 'not-stable', `${node.name} has been Ready for ${seconds} s of ${run.settings.stableMs / 1000}`)
  }
  const startup = node.taints.find((taint) => taint.effect !== 'PreferNoSchedule' && isStartupTaint(taint.key))
  if (startup) return no('join', 'startup-taint', `${node.name} still has the taint ${startup.key}`)
  if (node.troubles.length > 0) return no('join', 'node-condition', `${node.name} has ${node.troubles.join(', ')}`)
  if (!node.schedulable && node.cordonedBy === undefined) {
    return no('join', 'cordoned-by-others', `${node.name} is cordoned, and not by this run`)
  }
  return undefined
}

/**
 * Taints that mean "not ready for pods yet" and that are removed later: by Kubernetes
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/api/core/v1/well_known_taints.go), by the cloud
 * controller (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/cloud-provider/api/well_known_taints.go),
 * or by an agent such as the EBS CSI driver
 * (https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.64.0/docs/install.md).
 */
function isStartupTaint(key: string): boolean {
  return (
    (key.startsWith('node.kubernetes.io/') && key !== cordonedTaint.key) ||
    key === 'node.cloudprovider.kubernetes.io/uninitialized' ||
    key.endsWith('/agent-not-ready')
  )
}

/**
 * CSI drivers that every outgoing node has must be registered, because pods with volumes may come at once. A CSINode lists the
 * drivers of its node (https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/api/storage/v1/types.go).
 */
function driverMissing(node: Node, world: World): Usability | undefined {
  const lists = world.outgoing.nodes.map((old) => world.view.csiDrivers[old.name] ?? [])
  const common = (lists[0] ?? []).filter((driver) => lists.every((list) => list.includes(driver)))
  const here = world.view.csiDrivers[node.name] ?? []
  const missing = common.find((driver) => !here.includes(driver))
  if (missing === undefined) return undefined
  return no('join', 'csi-driver-missing', `${node.name} has not registered the CSI driver ${missing}`)
}

/**
 * Every DaemonSet that should run there has a Ready pod there. Its pods tolerate the taints `node.kubernetes.io/…`
 * (https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/daemon/util/daemonset_util.go,
 * `AddOrUpdateDaemonPodTolerations`).
 */
function daemonMissing(node: Node, world: World): Usability | undefined {
  for (const daemon of world.view.workloads) {
    if (daemon.kind !== 'DaemonSet' || daemon.replicas === 0) continue
    if (!nodeMatches(daemon.placement, node.labels, node.name)) continue
    const offer = {
      name: node.name,
      nodeName: node.name,
      labels: node.labels,
      labelsComplete: true,
      taints: node.taints.filter((taint) => !taint.key.startsWith('node.kubernetes.io/')),
      resources: {},
      resourcesComplete: false,
      hostPorts: []
    }
    if (!fitOf(daemon.placement, offer).fits) continue
    const pod = world.index
      .podsOf(`${daemon.namespace}/daemonset/${daemon.name}`.toLowerCase())
      .find((one) => one.nodeName === node.name)
    const why = `${node.name} waits for the pod of DaemonSet ${daemon.namespace}/${daemon.name}`
    if (!pod?.ready) return no('join', 'daemonset-pod-missing', why)
  }
  return undefined
}

function no(phase: 'launch' | 'join', rule: UsabilityRule, why: string): Usability {
  return { usable: false, phase, rule, why }
}
