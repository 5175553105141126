/** What there is to move, at this moment: pods on *from* by workload, what stays behind, what is stuck, and why. */
import type { Pod, VolumeAttachment } from '../../model/cluster.ts'
import type { ErrorCode } from '../../model/error.ts'
import { lostNodeMs, returnsAllowed, unschedulableMs } from '../../model/limits.ts'
import { nextCommand } from '../../model/next-command.ts'
import { judgePod } from '../../policy/pod-filters.ts'
import { ownerLabel, type PodOwner } from '../../policy/workloads.ts'
import type { OpenRun } from '../../record/record.ts'
import { type Ailment, ailments, podTrouble } from '../../world/workload-health.ts'
import type { World } from '../../world/world.ts'

export interface DrainingWorkload {
  owner: PodOwner
  label: string
  /** Its pods on *from* that go: to be moved, or already leaving. */
  onFrom: readonly Pod[]
  /** Those of them that nobody has asked to go yet. */
  candidates: readonly Pod[]
  /** All of its pods that were ever seen on *from* in this direction. */
  total: number
}

export interface Stuck {
  label: string
  code: ErrorCode
  text: string
  hint: string
}

export interface DrainSurvey {
  workloads: readonly DrainingWorkload[]
  total: number
  gone: number
  /** May not be moved and keep their node; named at the end. */
  leftovers: readonly { pod: Pod; text: string }[]
  jobsWaitedFor: readonly string[]
  attachments: readonly VolumeAttachment[]
  /** Pods of moved workloads that the scheduler has not placed for some time. */
  unplaced: readonly Pod[]
  ailing: readonly Ailment[]
  /** Those of them that are not waited for any longer: on the way back, after pod-timeout without progress. */
  givenUp: readonly Ailment[]
  stuck: readonly Stuck[]
  fatal?: { code: ErrorCode; message: string; hint: string }
}

export function surveyDrain(world: World, run: OpenRun): DrainSurvey {
  const from = new Set(world.from.nodes.map((node) => node.name))
  const lost = lostNodes(world)
  const byWorkload = new Map<string, { owner: PodOwner; onFrom: Pod[]; candidates: Pod[] }>()
  const leftovers: { pod: Pod; text: string }[] = []
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
    if (verdict.kind === 'refuse' || (run.returned[owner.key] ?? 0) >= returnsAllowed) {
      const why = verdict.kind === 'refuse' ? verdict.why : `it came back to a cordoned node ${returnsAllowed} times`
      leftovers.push({ pod, text: `${pod.namespace}/${pod.name} stays on ${pod.nodeName}: ${why}` })
      continue
    }
    // A dead kubelet ends nothing: what is past its grace there counts as moved once its replacement serves.
    if (pod.deletingAt !== undefined && lost.has(pod.nodeName) && pod.deletingAt < world.now) continue
    const entry = byWorkload.get(owner.key) ?? { owner, onFrom: [], candidates: [] }
    entry.onFrom.push(pod)
    if (verdict.kind === 'move') entry.candidates.push(pod)
    byWorkload.set(owner.key, entry)
  }
  const workloads = allWorkloads(world, byWorkload)
  const ailing = ailments(run.baseline, world.index, world.now)
  const seen = workloads.reduce((sum, one) => sum + one.total, 0)
  const onFrom = workloads.reduce((sum, one) => sum + one.onFrom.length, 0)
  // Those that an earlier start has moved are counted from the record.
  const total = run.direction === 'reverting' ? seen : Math.max(run.podsTotal, seen)
  return {
    workloads,
    total,
    gone: Math.max(0, total - onFrom),
    leftovers,
    jobsWaitedFor: [...jobs],
    attachments: world.view.attachments.filter((one) => from.has(one.nodeName) && !keptVolume(one, leftovers, world)),
    unplaced: unplacedPods(world, run),
    ailing,
    givenUp: run.direction === 'reverting' ? ailing.filter(({ key }) => patienceIsOver(key, world, run)) : [],
    stuck: stuckWorkloads(world, run, workloads, ailing),
    fatal: fatalAnswer(world)
  }
}

function allWorkloads(
  world: World,
  now: ReadonlyMap<string, { owner: PodOwner; onFrom: Pod[]; candidates: Pod[] }>
): readonly DrainingWorkload[] {
  const keys = new Set([...world.observations.workloads.keys(), ...now.keys()])
  return [...keys].flatMap((key): DrainingWorkload[] => {
    const entry = now.get(key)
    const owner = entry?.owner ?? world.index.owners.get(key)
    if (!owner) return []
    const onFrom = entry?.onFrom ?? []
    const seen = world.observations.workloads.get(key)?.seen.size ?? 0
    return [
      {
        owner,
        label: ownerLabel(owner),
        onFrom,
        candidates: entry?.candidates ?? [],
        total: Math.max(seen, onFrom.length)
      }
    ]
  })
}

/** DNS and other critical pods go last: everything else may need them on its way. */
export function isCritical(pods: readonly Pod[]): boolean {
  return pods.some((pod) => pod.priorityClass.startsWith('system-'))
}

/** NotReady for so long that nobody expects it back. */
function lostNodes(world: World): ReadonlySet<string> {
  const lost = world.from.nodes.filter((node) => node.ready !== 'True' && world.now - node.readySinceAt >= lostNodeMs)
  return new Set(lost.map((node) => node.name))
}

function keptVolume(attachment: VolumeAttachment, leftovers: readonly { pod: Pod }[], world: World): boolean {
  const volume = world.view.volumes.find((one) => one.name === attachment.volumeName)
  return leftovers.some(({ pod }) => pod.claims.some((claim) => `${pod.namespace}/${claim}` === volume?.claim))
}

/** Of workloads that have or had a pod on *from*: the truth about "does it fit". What was unplaced before is not ours. */
function unplacedPods(world: World, run: OpenRun): readonly Pod[] {
  return world.view.pods.filter((pod) => {
    if (!pod.unschedulable || pod.nodeName !== undefined || pod.deletingAt !== undefined) return false
    if (world.now - pod.unschedulable.sinceAt < unschedulableMs || pod.createdAt < run.startedAt) return false
    const key = world.index.ownerOf(pod).key
    return run.baseline[key] !== undefined || world.observations.workloads.has(key)
  })
}

function stuckWorkloads(
  world: World,
  run: OpenRun,
  workloads: readonly DrainingWorkload[],
  ailing: readonly Ailment[]
): readonly Stuck[] {
  // Of some not a single pod is left: only the baseline knows them.
  const known = new Set(workloads.map(({ owner }) => owner.key))
  const podless = ailing.filter(({ key }) => !known.has(key) && patienceIsOver(key, world, run))
  const stuck = workloads.flatMap((workload): Stuck[] => {
    const ailment = ailing.find((one) => one.key === workload.owner.key)
    if (workload.onFrom.length === 0 && !ailment) return []
    const own = world.observations.workloads.get(workload.owner.key)?.progressAt ?? world.now
    // Who has to wait for the others has the time that they took.
    const progressAt = isCritical(workload.onFrom)
      ? Math.max(own, ...[...world.observations.workloads.values()].map((one) => one.progressAt))
      : own
    if (world.now - progressAt < run.settings.podTimeoutMs) return []
    return [{ label: workload.label, ...reasonOf(workload, ailment, world, run) }]
  })
  return [
    ...stuck,
    ...podless.map(({ label, text }): Stuck => {
      const namespace = label.slice(0, label.indexOf('/'))
      return { label, code: 'pod-timeout', text, hint: `kubectl -n ${namespace} get events --sort-by=.lastTimestamp` }
    })
  ]
}

function patienceIsOver(key: string, world: World, run: OpenRun): boolean {
  const progressAt = world.observations.workloads.get(key)?.progressAt ?? world.now
  return world.now - progressAt >= run.settings.podTimeoutMs
}

/** The best explanation first: what the scheduler says, what the new pod says, what the API says, what is still there. */
function reasonOf(
  workload: DrainingWorkload,
  ailment: Ailment | undefined,
  world: World,
  run: OpenRun
): Omit<Stuck, 'label'> {
  const [namespace, name] = [workload.owner.namespace, workload.owner.name]
  const pods = world.index.podsOf(workload.owner.key)
  const unplaced = pods.find((pod) => pod.unschedulable)
  if (unplaced) {
    return {
      code: 'unschedulable',
      text: podTrouble(unplaced),
      hint: `kubectl -n ${namespace} describe pod ${unplaced.name}`
    }
  }
  const unready = pods.find((pod) => !pod.ready && pod.deletingAt === undefined)
  if (unready) {
    return {
      code: 'pod-timeout',
      text: podTrouble(unready),
      // The pod itself is gone when this is read: it was put back.
      hint: `Look at what the new nodes have that the old ones have not: eks-node-upgrade ${nextCommand('plan', run.settings, run.settings.group ?? '')} --diff`
    }
  }
  const answer = workload.candidates
    .map((pod) => world.observations.evictions.get(pod.uid)?.answer)
    .find((one) => one !== undefined)
  if (answer?.kind === 'denied')
    return { code: 'eviction-denied', text: answer.message, hint: `kubectl get validatingwebhookconfigurations` }
  if (answer && 'message' in answer)
    return { code: 'pod-timeout', text: answer.message, hint: `kubectl -n ${namespace} get poddisruptionbudgets` }
  const leaving = workload.onFrom.find((pod) => pod.deletingAt !== undefined)
  if (leaving) {
    return {
      code: 'pod-timeout',
      text: `${leaving.name} is being deleted and does not go`,
      hint: `kubectl -n ${namespace} describe pod ${leaving.name}`
    }
  }
  return {
    code: 'pod-timeout',
    text: ailment?.text ?? `${workload.onFrom.length} pods are still on old nodes`,
    hint: `kubectl -n ${namespace} get pods -o wide | grep ${name}`
  }
}

/** Answers after which no retry helps. */
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
        hint: 'kubectl apply -f examples/rbac.yaml (docs/permissions.md)'
      }
    }
  }
  return undefined
}
