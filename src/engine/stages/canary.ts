/**
 * What the plan could only estimate about the new nodes is checked on the first one that is usable: whether the pods fit on such
 * a node, and whether its kubelet is compatible with the control plane
 * (https://kubernetes.io/releases/version-skew-policy/#kubelet). Nothing has been cordoned yet.
 */
import type { Node, Resources } from '../model/cluster.ts'
import { zoneLabel, zoneLabels } from '../model/names.ts'
import { fitFindings } from '../plan/checks/scheduling-fit.ts'
import { surveyMoves } from '../plan/planned-moves.ts'
import { roomFor } from '../plan/room.ts'
import { type NodeInfo, nodeInfoOf, plus } from '../policy/scheduling-fit.ts'
import { skewProblem } from '../policy/version-skew.ts'
import type { OpenRun } from '../record/record.ts'
import type { World } from '../world/world.ts'
import { failed, type Step } from './stage.ts'

export function canaryTrouble(nodes: readonly Node[], world: World, run: OpenRun): Step | undefined {
  for (const node of nodes) {
    const skew = skewProblem(node.kubeletVersion, run.serverVersion)
    if (skew)
      return failed(
        'version-skew',
        `${node.name}: ${skew}`,
        "Choose an image of the control plane's version for the incoming group."
      )
  }
  const outgoing = new Set(world.outgoing.nodes.map((node) => node.name))
  const expected = nodes.flatMap((node) => inEachZone(nodeInfoOf(node, reserved(node, world)), world))
  const room = roomFor(world.view, expected, outgoing, { name: world.incoming.group.name, nodes: run.count })
  const found = fitFindings(surveyMoves(world.index, outgoing, run.settings).workloads, room, world.index).blockers[0]
  return found && failed('unschedulable', `${found.object}: ${found.reason}`, found.remedies[0] ?? '')
}

/** The first node is in one zone; the next ones will be in every zone of the group. */
function inEachZone(node: NodeInfo, world: World): readonly NodeInfo[] {
  const zones = new Set([node.labels[zoneLabel] ?? '', ...world.incoming.group.zones])
  return [...zones].map((zone) => ({
    ...node,
    nodeName: undefined,
    labels: { ...node.labels, ...Object.fromEntries(zoneLabels.map((label) => [label, zone])) }
  }))
}

function reserved(node: Node, world: World): Resources {
  return world.view.pods
    .filter((pod) => pod.nodeName === node.name && pod.owner?.kind === 'DaemonSet')
    .reduce<Resources>((sum, pod) => plus(sum, { pods: 1, ...pod.placement.requests }), {})
}
