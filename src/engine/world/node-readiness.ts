/** Whether a new node can really take pods: one reason at a time why not yet. Unknown is not usable. */
import type { Node } from '../model/cluster.ts'
import { cordonedTaint } from '../model/names.ts'
import type { Instance } from '../model/node-group.ts'
import { fitOf } from '../policy/scheduling-fit.ts'
import { nodeMatches } from '../policy/selectors.ts'
import type { OpenRun } from '../record/record.ts'
import { nodeOf, type World } from './world.ts'

export type Usability =
  | { usable: true }
  /** `phase` says whose clock runs: AWS's until the instance is in service, the node's after that. */
  | { usable: false; phase: 'launch' | 'join'; why: string }

export function usability(instance: Instance, world: World, run: OpenRun): Usability {
  if (instance.lifecycle !== 'InService') return no('launch', `the instance is ${instance.lifecycle}`)
  if (!instance.healthy) return no('launch', 'the instance is Unhealthy')
  const planned = run.plannedTemplates
  const launchedFrom = instance.template ? `${instance.template.id}:${instance.template.version}` : 'unknown'
  if (planned.length > 0 && !planned.includes(launchedFrom)) {
    return no(
      'launch',
      `it was launched from template version ${instance.template?.version ?? 'unknown'}, and ${planned.map((one) => one.split(':')[1]).join(', ')} was planned`
    )
  }
  const node = nodeOf(world.incoming, instance)
  if (!node) return no('join', 'it has not registered as a node')
  const why = nodeTrouble(node, world, run)
  return why === undefined ? { usable: true } : no('join', why)
}

function nodeTrouble(node: Node, world: World, run: OpenRun): string | undefined {
  if (node.ready !== 'True')
    return `${node.name} is ${node.ready === 'False' ? 'NotReady' : 'Unknown'}${node.readyMessage ? `: ${node.readyMessage}` : ''}`
  const readyFor = world.now - (world.observations.readySince.get(node.uid) ?? world.now)
  if (readyFor < run.settings.stableMs)
    return `${node.name} has been Ready for ${Math.floor(readyFor / 1000)} s of ${run.settings.stableMs / 1000}`
  const startup = node.taints.find((taint) => taint.effect !== 'PreferNoSchedule' && isStartupTaint(taint.key))
  if (startup) return `${node.name} still has the taint ${startup.key}`
  if (node.troubles.length > 0) return `${node.name} has ${node.troubles.join(', ')}`
  if (!node.schedulable && node.cordonedBy === undefined) return `${node.name} is cordoned by somebody else`
  return driverMissing(node, world) ?? daemonMissing(node, world)
}

/** Taints that say "not ready for pods yet" and go by themselves. */
function isStartupTaint(key: string): boolean {
  return (
    (key.startsWith('node.kubernetes.io/') && key !== cordonedTaint.key) ||
    key === 'node.cloudprovider.kubernetes.io/uninitialized' ||
    key.endsWith('/agent-not-ready')
  )
}

/** CSI drivers that every outgoing node has must be there: pods with volumes may come at once. */
function driverMissing(node: Node, world: World): string | undefined {
  const lists = world.outgoing.nodes.map((old) => world.view.csiDrivers[old.name] ?? [])
  const common = (lists[0] ?? []).filter((driver) => lists.every((list) => list.includes(driver)))
  const here = world.view.csiDrivers[node.name] ?? []
  const missing = common.find((driver) => !here.includes(driver))
  return missing === undefined ? undefined : `${node.name} has not registered the CSI driver ${missing}`
}

/** Every DaemonSet that should run there has a Ready pod there. */
function daemonMissing(node: Node, world: World): string | undefined {
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
    if (!pod?.ready) return `${node.name} waits for the pod of DaemonSet ${daemon.namespace}/${daemon.name}`
  }
  return undefined
}

function no(phase: 'launch' | 'join', why: string): Usability {
  return { usable: false, phase, why }
}
