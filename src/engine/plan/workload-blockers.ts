/** What of pods, workloads and budgets stands in the way, each with what a person can do about it. */
import type { Budget, Pod } from '../model/cluster.ts'
import { cordonedTaint } from '../model/names.ts'
import type { Finding } from '../model/report.ts'
import { shellWord } from '../model/shell-word.ts'
import { budgetText, expectedPods, neverAllows } from '../policy/budgets.ts'
import { type Method, restartHindrance } from '../policy/disruption-method.ts'
import type { PodRule } from '../policy/pod-filters.ts'
import { tolerated } from '../policy/scheduling-fit.ts'
import { type ClusterIndex, ownerLabel, type PodOwner, wantedPods } from '../policy/workloads.ts'
import { count, finding, kubectl, nameSome } from './finding.ts'
import type { OutgoingWorkload } from './planned-moves.ts'

export function workloadBlockers(workloads: readonly OutgoingWorkload[], index: ClusterIndex): readonly Finding[] {
  return workloads.flatMap((one) => {
    const refused = one.method?.how === 'refuse' ? [methodRefused(one.owner, one.method, index)] : []
    return [...podsRefused(one), ...refused]
  })
}

function podsRefused({ owner, label, pods }: OutgoingWorkload): readonly Finding[] {
  const rules: readonly PodRule[] = ['no-controller', 'orphan-daemonset', 'emptydir']
  return rules.flatMap((rule) => {
    const refused = pods.filter(({ verdict }) => verdict.kind === 'refuse' && verdict.rule === rule)
    const first = refused[0]
    if (!first) return []
    const names = nameSome(refused.map(({ pod }) => pod.name))
    if (rule === 'emptydir') {
      const reason = `${count(refused.length, 'pod')} with data in an emptyDir, which does not move: ${names}`
      return [finding(rule, label, reason, '--emptydir-data delete')]
    }
    const object = rule === 'no-controller' ? `${owner.namespace}/${owner.name}` : label
    const reason = `${first.verdict.why}: ${names}`
    const removal = refused.slice(0, 5).map(({ pod }) => kubectl(pod.namespace, 'delete pod', shellWord(pod.name)))
    return [finding(rule, object, reason, '--pods-without-controller evict', ...removal)]
  })
}

function methodRefused(owner: PodOwner, method: Method & { how: 'refuse' }, index: ClusterIndex): Finding {
  const label = ownerLabel(owner)
  switch (method.rule) {
    case 'two-budgets':
      return finding(method.rule, label, method.why, ...method.budgets.map(deleteBudget))
    case 'budget-never-allows':
      return finding(
        method.rule,
        label,
        method.why,
        ...consent(owner, restartHindrance(owner, index) === undefined),
        ...scaleUp(owner, index),
        ...method.budgets.map(allowOne)
      )
    case 'strategy-never-allows':
      return finding(method.rule, label, method.why, ...consent(owner, true), allowOneByStrategy(owner))
    case 'would-go-down':
      return finding(method.rule, label, method.why, ...consent(owner, true), ...scaleUp(owner, index))
  }
}

function consent(owner: PodOwner, helps: boolean): readonly string[] {
  return helps ? [`--allow-downtime ${shellWord(owner.key)}`] : []
}

function scaleUp(owner: PodOwner, index: ClusterIndex): readonly string[] {
  if (owner.kind !== 'Deployment' && owner.kind !== 'StatefulSet') return []
  const replicas = wantedPods(owner, index) + 1
  return [
    kubectl(owner.namespace, 'scale', `${owner.kind.toLowerCase()}/${shellWord(owner.name)}`, `--replicas ${replicas}`)
  ]
}

function allowOne(budget: Budget): string {
  const patch = `'{"spec":{"minAvailable":null,"maxUnavailable":1}}'`
  return kubectl(budget.namespace, 'patch pdb', shellWord(budget.name), `--type merge -p ${patch}`)
}

function allowOneByStrategy(owner: PodOwner): string {
  const patch = `'{"spec":{"strategy":{"rollingUpdate":{"maxUnavailable":1}}}}'`
  return kubectl(owner.namespace, 'patch deployment', shellWord(owner.name), `-p ${patch}`)
}

function deleteBudget(budget: Budget): string {
  return kubectl(budget.namespace, 'delete pdb', shellWord(budget.name))
}

/** Worth knowing, but the move itself will show how it goes. */
export function workloadWarnings(workloads: readonly OutgoingWorkload[], index: ClusterIndex): readonly Finding[] {
  return [
    ...workloads.flatMap((one) => [...blockedNow(one, index), ...comesBack(one), ...mayGoDown(one)]),
    ...jobsWaitedFor(workloads)
  ]
}

/** A budget that is below its minimum before anything was touched refuses evictions until somebody mends it. */
function blockedNow({ label, method }: OutgoingWorkload, index: ClusterIndex): readonly Finding[] {
  const budget = method?.how === 'evict' ? method.budget : undefined
  if (!budget || budget.disruptionsAllowed > 0 || neverAllows(budget, index)) return []
  const text = budgetText(budget, expectedPods(budget, index))
  const reason = `its budget ${budget.name} (${text}) allows no eviction now: ${budget.currentHealthy} healthy, ${budget.desiredHealthy} needed. Until that is mended it moves only what serves nobody`
  const always = `'{"spec":{"unhealthyPodEvictionPolicy":"AlwaysAllow"}}'`
  return [
    finding(
      'budget-blocked-now',
      label,
      reason,
      kubectl(budget.namespace, 'describe pdb', shellWord(budget.name)),
      kubectl(budget.namespace, 'patch pdb', shellWord(budget.name), `--type merge -p ${always}`)
    )
  ]
}

/** The scheduler puts a pod that tolerates cordoned nodes back on one. */
function comesBack({ owner, label, moving }: OutgoingWorkload): readonly Finding[] {
  if (!moving.some((pod) => tolerated(cordonedTaint, pod.placement.tolerations))) return []
  const reason =
    'it tolerates cordoned nodes, so its pods may come back to one; after the second time they are left there'
  return [
    finding(
      'tolerates-cordoned-nodes',
      label,
      reason,
      kubectl(
        owner.namespace,
        'get',
        `${owner.kind.toLowerCase()}/${shellWord(owner.name)}`,
        '-o yaml | grep -A3 tolerations'
      )
    )
  ]
}

function mayGoDown({ label, method }: OutgoingWorkload): readonly Finding[] {
  const accepted =
    method?.how === 'restart' ? method.mayGoDown : method?.how === 'evict' && method.source === 'allow-downtime'
  return accepted ? [finding('may-go-down', label, 'it may be down for a moment, as allow-downtime accepts')] : []
}

function jobsWaitedFor(workloads: readonly OutgoingWorkload[]): readonly Finding[] {
  return workloads.flatMap(({ label, pods }) => {
    const waits: readonly Pod[] = pods
      .filter(({ verdict }) => verdict.rule === 'job' && verdict.kind === 'wait')
      .map(({ pod }) => pod)
    if (waits.length === 0) return []
    const reason = `${count(waits.length, 'pod')} of a Job that is waited for; if it outlasts the move, the run ends as held`
    return [finding('job-waits', label, reason, '--jobs evict')]
  })
}
