/** Volumes, their attachments and the CSI drivers of nodes, in the engine's words. */
import type { Volume, VolumeAttachment } from '../../engine/model/cluster.ts'
import { nodeTerms } from './placement.ts'
import type { RawCsiNode, RawNamespace, RawVolume, RawVolumeAttachment } from './raw.ts'

export function projectVolume(raw: RawVolume): Volume {
  const { claimRef, accessModes = [], csi, nodeAffinity } = raw.spec ?? {}
  return {
    name: raw.metadata?.name ?? '',
    claim: claimRef ? `${claimRef.namespace}/${claimRef.name}` : undefined,
    accessModes,
    csiDriver: csi?.driver,
    requiredNodeTerms: nodeTerms(nodeAffinity?.required?.nodeSelectorTerms)
  }
}

export function projectVolumeAttachment(raw: RawVolumeAttachment): VolumeAttachment {
  return {
    name: raw.metadata?.name ?? '',
    nodeName: raw.spec?.nodeName ?? '',
    volumeName: raw.spec?.source?.persistentVolumeName ?? '',
    attached: raw.status?.attached === true
  }
}

export interface CsiDrivers {
  nodeName: string
  drivers: readonly string[]
}

export function projectCsiNode(raw: RawCsiNode): CsiDrivers {
  const drivers = (raw.spec?.drivers ?? []).map(({ name = '' }) => name)
  return { nodeName: raw.metadata?.name ?? '', drivers }
}

/** The name of a namespace that is being deleted, else undefined. */
export function projectTerminatingNamespace(raw: RawNamespace): string | undefined {
  const terminating = raw.status?.phase === 'Terminating' || Boolean(raw.metadata?.deletionTimestamp)
  return terminating ? raw.metadata?.name : undefined
}
