/** I5, I6, I23 and I24: what must hold at every moment of both groups together. */
import type { LabInstance } from '../aws/state.ts'
import type { Lab } from '../joined/lab.ts'
import type { StoreChange } from '../kubernetes/store.ts'
import { isMovable, isSchedulable, type ObservedCluster } from './cluster-view.ts'
import type { ReportViolation } from './invariants.ts'

const finals = new Set(['reverting', 'retiring'])

export interface SideChecks {
  changed(change: StoreChange): void
  looked(): void
  instanceEnds(instance: LabInstance): void
}

export function createSideChecks(lab: Lab, observed: ObservedCluster, broken: ReportViolation): SideChecks {
  const directions = new Map<string, string>()
  const shutBefore = new Set<string>()

  function judgeNodes(): void {
    for (const pair of lab.pairs) {
      const nodes = [...lab.nodesOf(pair.blue), ...lab.nodesOf(pair.green)]
      const ours = nodes.some((node) => node.metadata.annotations?.['eks-node-upgrade/cordoned-by'] !== undefined)
      const shut = ours && !nodes.some(isSchedulable)
      if (shut && !shutBefore.has(pair.name)) broken('I23', `no node of ${pair.blue} and ${pair.green} is open`)
      if (shut) shutBefore.add(pair.name)
      else shutBefore.delete(pair.name)
    }
  }

  function judgeDirection(): void {
    for (const run of observed.openRuns()) {
      const before = directions.get(run.id)
      directions.set(run.id, run.direction)
      if (before === run.direction) continue
      if (before !== undefined && finals.has(before))
        broken('I24', `run ${run.id} went from ${before} to ${run.direction}`)
      if (run.direction !== 'retiring') continue
      const left = lab.podsOn(run.outgoing).filter((pod) => isMovable(pod, observed) && !pod.metadata.deletionTimestamp)
      if (left.length > 0)
        broken('I5', `retiring begins with ${left.map(({ metadata }) => metadata.name).join(', ')} on ${run.outgoing}`)
    }
  }

  return {
    changed({ object }) {
      if (object.kind === 'Node') judgeNodes()
      if (object.kind === 'ConfigMap') judgeDirection()
    },
    looked: judgeDirection,
    instanceEnds({ id, groupName, health, machine }) {
      if (!observed.runOf(groupName) || observed.asked.has(id)) return
      // One that was found unhealthy is replaced as at any other time.
      if (health === 'Unhealthy' || machine === 'terminated') return
      broken('I6', `Auto Scaling chose ${id} of ${groupName}`)
    }
  }
}
