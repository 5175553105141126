/**
 * Keeps the status of PodDisruptionBudgets.
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/controller/disruption/disruption.go
 */
import { setDisruptionAllowed } from '../eviction.ts'
import { controllerOf, type KubeObject, podReady, setCondition, timestamp } from '../object.ts'
import { scaled } from '../quantity.ts'
import { resources } from '../resource.ts'
import { matchesSelector } from '../selector.ts'
import type { StoreChange } from '../store.ts'
import { byKey, type Controller, type ControllerContext, queueKey, workqueue } from './workqueue.ts'

/** A pod that was evicted but is still not being deleted after this long counts again. */
const DELETION_TIMEOUT_MS = 120_000
const scalable = new Set(['Deployment', 'ReplicaSet', 'StatefulSet'])

export function disruptionController(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, sync)

  function onChange({ object, before }: StoreChange): void {
    if (object.kind === 'PodDisruptionBudget') queue.add(queueKey(object))
    if (object.kind === 'Pod') wake(object.metadata.namespace, [object, before])
    // The real controller hears of a new scale with the next event of a pod; scaling makes such events.
  }

  function wake(namespace: string | undefined, pods: (KubeObject | undefined)[]): void {
    for (const budget of store.list('PodDisruptionBudget', namespace)) {
      if (pods.some((pod) => pod && matchesSelector(budget.spec?.selector, pod.metadata.labels)))
        queue.add(queueKey(budget))
    }
  }

  function sync(key: string): void {
    const budget = byKey(store, 'PodDisruptionBudget', key)
    if (!budget) return
    const pods = store
      .list('Pod', budget.metadata.namespace)
      .filter((pod) => matchesSelector(budget.spec?.selector, pod.metadata.labels))
    const expected = expectation(context, budget, pods)
    if (typeof expected === 'string') failSafe(context, budget, expected)
    else report(budget, key, pods, expected)
  }

  function report(
    budget: KubeObject,
    key: string,
    pods: readonly KubeObject[],
    expected: { expectedPods: number; desiredHealthy: number }
  ): void {
    const disruptedPods = stillDisrupted(context, budget, pods)
    const times = Object.values(disruptedPods).map((at) => Date.parse(at) + DELETION_TIMEOUT_MS - clock.now())
    if (times.length > 0) queue.add(key, Math.max(1000, Math.min(...times) + 1000))
    const healthy = pods.filter(
      (pod) => !pod.metadata.deletionTimestamp && !(pod.metadata.name in disruptedPods) && podReady(pod)
    )
    const { expectedPods, desiredHealthy } = expected
    const spare = healthy.length - desiredHealthy
    store.write(budget, (draft) => {
      draft.status = {
        conditions: draft.status?.conditions ?? [],
        observedGeneration: draft.metadata.generation,
        disruptionsAllowed: expectedPods <= 0 || spare <= 0 ? 0 : spare,
        currentHealthy: healthy.length,
        desiredHealthy,
        expectedPods,
        ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {})
      }
      setDisruptionAllowed(draft.status, timestamp(clock.now()))
    })
  }

  return { onChange }
}

function expectation(
  context: ControllerContext,
  { spec }: KubeObject,
  pods: readonly KubeObject[]
): { expectedPods: number; desiredHealthy: number } | string {
  if (spec.maxUnavailable !== undefined) {
    const scale = expectedScale(context, pods)
    if (typeof scale === 'string') return scale
    return { expectedPods: scale, desiredHealthy: Math.max(0, scale - scaled(spec.maxUnavailable, scale, 'up')) }
  }
  if (typeof spec.minAvailable === 'string') {
    const scale = expectedScale(context, pods)
    if (typeof scale === 'string') return scale
    return { expectedPods: scale, desiredHealthy: scaled(spec.minAvailable, scale, 'up') }
  }
  return spec.minAvailable === undefined
    ? { expectedPods: 0, desiredHealthy: 0 }
    : { expectedPods: pods.length, desiredHealthy: spec.minAvailable }
}

/** The sum of the scales of all controllers of these pods, or why there is none. Pods without a controller do not count. */
function expectedScale(context: ControllerContext, pods: readonly KubeObject[]): number | string {
  const seen = new Set<string>()
  const scales = new Map<string, number>()
  for (const pod of pods) {
    const reference = controllerOf(pod)
    if (!reference || seen.has(reference.uid)) continue
    seen.add(reference.uid)
    const controller = scaleHolder(context, pod)
    if (controller === undefined) return `found no controllers for pod "${pod.metadata.name}"`
    if (typeof controller === 'string') return controller
    scales.set(controller.metadata.uid, controller.spec.replicas)
  }
  return [...scales.values()].reduce((total, scale) => total + scale, 0)
}

function scaleHolder(context: ControllerContext, pod: KubeObject): KubeObject | string | undefined {
  const { store } = context
  const reference = controllerOf(pod)
  if (!reference) return undefined
  const { kind, apiVersion, name, uid } = reference
  if (!scalable.has(kind) || !apiVersion.startsWith('apps/')) {
    const plural = resources.find((one) => one.kind === kind)
    const what = plural ? `${plural.plural}${plural.group ? `.${plural.group}` : ''}` : `${kind.toLowerCase()}s`
    return `${what} does not implement the scale subresource`
  }
  const found = store.find(kind, pod.metadata.namespace, name)
  if (found?.metadata.uid !== uid) return undefined
  const parent = kind === 'ReplicaSet' ? controllerOf(found) : undefined
  if (parent?.kind !== 'Deployment') return found
  const deployment = store.find('Deployment', pod.metadata.namespace, parent.name)
  return deployment?.metadata.uid === parent.uid ? deployment : found
}

function failSafe(context: ControllerContext, budget: KubeObject, message: string): void {
  const { store, clock } = context
  store.write(budget, (draft) => {
    draft.status = { currentHealthy: 0, desiredHealthy: 0, expectedPods: 0, ...draft.status, disruptionsAllowed: 0 }
    const { observedGeneration } = draft.status
    const seen = observedGeneration ? { observedGeneration } : {}
    const said = { type: 'DisruptionAllowed', status: 'False', reason: 'SyncFailed', message, ...seen }
    setCondition(draft.status, said, timestamp(clock.now()))
  })
}

function stillDisrupted(
  context: ControllerContext,
  budget: KubeObject,
  pods: readonly KubeObject[]
): Record<string, string> {
  const { clock } = context
  const was: Record<string, string> = budget.status?.disruptedPods ?? {}
  const kept: Record<string, string> = {}
  for (const { metadata } of pods) {
    const at = was[metadata.name]
    if (at && !metadata.deletionTimestamp && Date.parse(at) + DELETION_TIMEOUT_MS >= clock.now())
      kept[metadata.name] = at
  }
  return kept
}
