/**
 * Waiting for volumes to detach. A pod that has ended may leave its volume attached to its old node for some time. If the node
 * is terminated then, Kubernetes detaches the volume by force only after 6 minutes, and the new pod cannot start until then
 * (`ReconcilerMaxWaitForUnmountDuration` in https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/volume/attachdetach/attach_detach_controller.go,
 * https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/v1.64.0/docs/faq.md). So a node is empty only when no
 * VolumeAttachment names it.
 */
import type { ClusterView, Pod, VolumeAttachment } from '../../model/cluster.ts'
import { namesShown } from '../../model/limits.ts'
import type { Waiting } from '../../model/report.ts'
import type { World } from '../../world/world.ts'

/** Volumes that are attached to a node of *from* and will detach: not those of `staying` pods, which keep their node. */
export function volumesToDetach(world: World, staying: readonly Pod[]): readonly VolumeAttachment[] {
  const from = world.from.nodeNames
  const kept = new Set(staying.flatMap((pod) => pod.claims.map((claim) => `${pod.namespace}/${claim}`)))
  const claims = new Map(world.view.volumes.map((volume) => [volume.name, volume.claim]))
  return world.view.attachments.filter(({ nodeName, volumeName }) => {
    const claim = claims.get(volumeName)
    return from.has(nodeName) && (claim === undefined || !kept.has(claim))
  })
}

/** Names of the nodes to which a volume is attached, in use or not. */
export function nodesWithVolumes(view: Pick<ClusterView, 'attachments'>): ReadonlySet<string> {
  return new Set(view.attachments.map(({ nodeName }) => nodeName))
}

/** Why this node is not empty yet, if a volume is all that is left; undefined if none is attached. */
export function volumesText(nodeName: string, view: Pick<ClusterView, 'attachments'>): string | undefined {
  const names = view.attachments.filter((one) => one.nodeName === nodeName).map(({ volumeName }) => volumeName)
  if (names.length === 0) return undefined
  const more = names.length > namesShown ? ` and ${names.length - namesShown} more` : ''
  return `still attached: ${names.slice(0, namesShown).join(', ')}${more}`
}

export function detachWaits(attachments: readonly VolumeAttachment[]): readonly Waiting[] {
  return attachments.map(({ volumeName, nodeName }) => ({ what: volumeName, seen: `is still attached to ${nodeName}` }))
}
