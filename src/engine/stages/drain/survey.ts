/** What there is to drain at this moment: pods on *from* by workload, what stays behind, what is stuck, and why. */
import type { Pod, VolumeAttachment } from '../../model/cluster.ts'
import type { ErrorCode } from '../../model/error.ts'
import { unschedulableMs } from '../../model/limits.ts'
import { judgePod } from '../../policy/pod-filters.ts'
import { ownerLabel, type PodOwner } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Ailment, ailments } from '../../world/workload-health.ts'
import { isStranded, type World } from '../../world/world.ts'
import { cameBackTooOften } from './came-back.ts'
import { type DrainingWorkload, drainingWorkloads } from './draining-workload.ts'
import { isOutOfTime, type Stuck, stuckWorkloads } from './stuck.ts'
import { volumesToDetach } from './volume-detach.ts'

interface Leftover {
  pod: Pod
  text: string
}

export interface DrainSurvey {
  workloads: readonly DrainingWorkload[]
  total: number
  gone: number
  /** May not be moved and keep their node; named at the end. */
  leftovers: readonly Leftover[]
  jobsWaitedFor: readonly string[]
  attachments: readonly VolumeAttachment[]
  /** Pods of moved workloads that the scheduler has not placed for some time. */
  unplacedPods: readonly Pod[]
  ailing: readonly Ailment[]
  /** Those of them that are not waited for any longer: during a revert, after pod-timeout without progress. */
  givenUp: readonly Ailment[]
  stuck: readonly Stuck[]
  fatal?: { code: ErrorCode; message: string; hint: string }
}

export function surveyDrain(world: World, run: OpenRun): DrainSurvey {
  const { onFrom, leftovers, jobs } = sortPods(world, run)
  const workloads = drainingWorkloads(world, onFrom)
  const ailing = ailments(run.baseline, world.index, world.now)
  const seen = workloads.reduce((sum, one) => sum + one.total, 0)
  const left = workloads.reduce((sum, one) => sum + one.onFrom.length, 0)
  // Those that an earlier start has moved are counted from the record.
  const total = run.direction === 'reverting' ? seen : Math.max(run.podsTotal, seen)
  return {
    workloads,
    total,
    gone: Math.max(0, total - left),
    leftovers,
    jobsWaitedFor: [...jobs],
    attachments: volumesToDetach(
      world,
      leftovers.map(({ pod }) => pod)
    ),
    unplacedPods: unplacedPods(world, run),
    ailing,
    givenUp: run.direction === 'reverting' ? ailing.filter(({ key }) => isOutOfTime(key, world, run)) : [],
    stuck: stuckWorkloads(world, run, workloads, ailing),
    fatal: fatalAnswer(world)
  }
}

/** The pods on *from*: those that go, by workload; those that may not be moved; and the Jobs that are waited for. */
function sortPods(world: World, run: OpenRun) {
  const from = world.from.nodeNames
  const onFrom = new Map<string, { owner: PodOwner; onFrom: Pod[]; candidates: Pod[] }>()
  const leftovers: Leftover[] = []
  const jobs = new Set<string>()
  for (const pod of world.view.pods) {
    if (pod.nodeName === undefined || !from.has(pod.nodeName)) continue
    const verdict = judgePod(pod, run.settings, world.index)
    const owner = world.index.ownerOf(pod)
    if (verdict.kind === 'leave') continue
    if (verdict.rule === 'job' && verdict.kind === 'wait') {
      jobs.add(ownerLabel(owner))
      continue
    }
    if (verdict.kind === 'refuse' || cameBackTooOften(owner.key, run)) {
      const why =
        verdict.kind === 'refuse' ? verdict.why : `it came back to a cordoned node ${run.returned[owner.key]} times`
      leftovers.push({ pod, text: `${pod.namespace}/${pod.name} stays on ${pod.nodeName}: ${why}` })
      continue
    }
    // It counts as moved once its replacement serves.
    if (isStranded(pod, world.from, world.now)) continue
    const entry = onFrom.get(owner.key) ?? { owner, onFrom: [], candidates: [] }
    entry.onFrom.push(pod)
    // Kubernetes itself deletes pods whose Node object is gone (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection).
    if (verdict.kind === 'move' && world.index.nodes.has(pod.nodeName)) entry.candidates.push(pod)
    onFrom.set(owner.key, entry)
  }
  return { onFrom, leftovers, jobs }
}

/**
 * Pods of workloads that have or had a pod on *from*, which the scheduler cannot place (PodScheduled is False with the reason
 * Unschedulable, https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/api/core/v1/types.go). The plan could
 * only estimate what fits; this is the answer. Pods that were unplaced before the run do not count.
 */
function unplacedPods(world: World, run: OpenRun): readonly Pod[] {
  return world.view.pods.filter((pod) => {
    if (!pod.unschedulable || pod.nodeName !== undefined || pod.deletingAt !== undefined) return false
    if (world.now - pod.unschedulable.sinceAt < unschedulableMs || pod.createdAt < run.startedAt) return false
    const { key } = world.index.ownerOf(pod)
    return run.baseline[key] !== undefined || world.observations.workloads.has(key)
  })
}

/** Answers that no retry can change. */
function fatalAnswer(world: World): DrainSurvey['fatal'] {
  for (const pod of world.view.pods) {
    const answer = world.observations.evictions.get(pod.uid)?.answer
    if (answer?.kind === 'two-budgets') {
      return {
        code: 'two-budgets',
        message: `${pod.namespace}/${pod.name} cannot be evicted: ${answer.message}`,
        hint: `kubectl -n ${pod.namespace} get poddisruptionbudgets`
      }
    }
    if (answer?.kind === 'forbidden') {
      return {
        code: 'access-denied',
        message: `may not create pods/eviction: ${answer.message}`,
        hint: 'Apply examples/rbac.yaml, as docs/permissions.md explains.'
      }
    }
  }
  return undefined
}
