/** Workloads that cannot be moved without downtime, and what is worth knowing about the others. */
import { cordonedTaint } from '../../model/names.ts'
import { shellWord } from '../../model/shell-word.ts'
import { unshareableClaim } from '../../policy/rolling-restart.ts'
import { tolerated } from '../../policy/scheduling-fit.ts'
import { type ClusterIndex, ownerLabel, type PodOwner, wantedPods } from '../../policy/workloads.ts'
import { type Blocker, count, finding, kubectl, type Warning } from '../finding.ts'
import type { PlanFacts } from '../plan-facts.ts'
import type { OutgoingWorkload } from '../planned-moves.ts'
import type { Findings } from './check.ts'

type Moves = { moves: Pick<PlanFacts['moves'], 'workloads'>; index: ClusterIndex }

export function workloads({ moves, index }: Moves): Findings {
  return {
    blockers: moves.workloads.flatMap((one) => refused(one, index)),
    warnings: moves.workloads.flatMap((one) => [...comesBack(one), ...mayGoDown(one), ...jobWaits(one)])
  }
}

function refused({ owner, method }: OutgoingWorkload, index: ClusterIndex): readonly Blocker[] {
  if (method?.how !== 'refuse') return []
  const label = ownerLabel(owner)
  if (method.rule === 'strategy-never-allows') {
    return [finding(method.rule, label, method.why, consent(owner), ...allowOneByStrategy(owner))]
  }
  if (method.rule !== 'would-go-down') return []
  return [finding(method.rule, label, method.why, consent(owner), ...scaleUp(owner, index))]
}

/** How to accept that a workload is down for a moment. */
export function consent(owner: PodOwner): string {
  return `Accept a short downtime with \`--allow-downtime ${shellWord(owner.key)}\`.`
}

/** A second replica helps a Deployment of which a second pod can run; a StatefulSet may not be made for one. */
export function scaleUp(owner: PodOwner, index: ClusterIndex): readonly string[] {
  if (!isOwnDeployment(owner) || unshareableClaim(index.podsOf(owner.key), index)) return []
  const replicas = wantedPods(owner, index) + 1
  return [kubectl(owner.namespace, 'scale', `deployment/${shellWord(owner.name)}`, `--replicas ${replicas}`)]
}

function allowOneByStrategy(owner: PodOwner): readonly string[] {
  if (!isOwnDeployment(owner)) return []
  const patch = `'{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":1}}}}'`
  return [kubectl(owner.namespace, 'patch deployment', shellWord(owner.name), `-p ${patch}`)]
}

/** An operator would undo a change to a Deployment that it owns. */
function isOwnDeployment(owner: PodOwner): boolean {
  return owner.workload?.kind === 'Deployment' && owner.workload.owner === undefined
}

/** The scheduler may place a pod that tolerates cordoned nodes on one again. */
function comesBack({ owner, label, moving }: OutgoingWorkload): readonly Warning[] {
  if (!moving.some((pod) => tolerated(cordonedTaint, pod.placement.tolerations))) return []
  const reason =
    'it tolerates cordoned nodes, so its pods may be placed on one again; after the second time they are left there'
  const resource = `${owner.kind.toLowerCase()}/${shellWord(owner.name)}`
  const look = kubectl(owner.namespace, 'get', resource, '-o yaml | grep -A3 tolerations')
  return [finding('tolerates-cordoned-nodes', label, reason, look)]
}

function mayGoDown({ label, method }: OutgoingWorkload): readonly Warning[] {
  const accepted =
    method?.how === 'restart' ? method.mayGoDown : method?.how === 'evict' && method.source === 'allow-downtime'
  return accepted
    ? [finding('may-go-down', label, 'it may be unavailable for a moment, as allow-downtime accepts')]
    : []
}

function jobWaits({ label, pods }: OutgoingWorkload): readonly Warning[] {
  const waits = pods.filter(({ verdict }) => verdict.rule === 'job' && verdict.kind === 'wait')
  if (waits.length === 0) return []
  const reason = `the run waits for ${count(waits.length, 'pod')} of a Job; if one outlasts the drain, the run ends as held`
  return [
    finding('job-waits', label, reason, 'Let them be evicted with `--jobs evict`; the Job then starts them again.')
  ]
}
