/** The engine's ports, in process, over the lab: for one process that may be slow, unlucky, or killed at any call. */
import type { Ports } from '../../engine/model/ports.ts'
import type { Reporter } from '../../engine/model/report.ts'
import type { Settings } from '../../engine/model/settings.ts'
import type { Lab } from '../joined/lab.ts'
import type { DenyRule } from '../kubernetes/access.ts'
import { type CallGateOptions, createProcess, type LabProcess } from './call-gate.ts'
import { labCluster } from './cluster-port.ts'
import { labGates } from './gates-port.ts'
import { labNodeGroups } from './node-groups-port.ts'

export interface LabPortsOptions extends CallGateOptions {
  settings: Pick<Settings, 'cluster' | 'clusterTagKey'>
  reporter?: Reporter
  /** Name of the host on which the process runs; `lab-1`, `lab-2`, … unless it says more. */
  host?: string
  feedLagMs?: number
  isSilent?: () => boolean
  /** What the process may not do in the cluster. */
  deny?: readonly DenyRule[]
  ownPod?: Ports['ownPod']
  credentialsExpireAt?: Ports['credentialsExpireAt']
}

/** A new process with ports of its own. Each call makes another one. */
export function labPorts(lab: Lab, options: LabPortsOptions): { ports: Ports; process: LabProcess } {
  const host = options.host ?? `lab-${lab.nextNumber('host')}`
  const process = createProcess(lab.clock, host, options)
  const { cluster, clusterTagKey } = options.settings
  const { feedLagMs, isSilent, deny, reporter } = options
  const parts = labCluster({ cluster: lab.cluster, clock: lab.clock, process, feedLagMs, isSilent, deny })
  const ports: Ports = {
    ...parts,
    clock: process.clock,
    ...labNodeGroups({ aws: lab.aws, process, cluster, clusterTagKey }),
    gates: labGates(lab.gates, process),
    reporter: {
      report(event) {
        if (process.alive()) reporter?.report(event)
      }
    },
    newId: () => `run-${lab.nextNumber('run')}`,
    host: { name: host },
    ownPod: options.ownPod,
    credentialsExpireAt: options.credentialsExpireAt
  }
  return { ports, process }
}
