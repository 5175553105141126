/** Jobs. Pods carry the tracking finalizer until they are counted, so an evicted pod is never forgotten: it has failed. */
import { conditionOf, finished, type KubeObject, podReady, type Raw, setCondition, timestamp } from '../object.ts'
import type { StoreChange } from '../store.ts'
import { active, createPod, deletePod, podsOf } from './pod-template.ts'
import { byKey, type Controller, type ControllerContext, ownerKey, queueKey, workqueue } from './workqueue.ts'

const TRACKING = 'batch.kubernetes.io/job-tracking'
const FIRST_BACKOFF_MS = 10_000
const LAST_BACKOFF_MS = 600_000

export function jobController(context: ControllerContext): Controller {
  const { clock, store, timing } = context
  const queue = workqueue(clock, timing.controllerMs, (key) => sync(key))
  const lastFailure = new Map<string, { at: number; count: number }>()

  function onChange({ object }: StoreChange): void {
    if (object.kind === 'Job') queue.add(queueKey(object))
    if (object.kind !== 'Pod') return
    const owner = ownerKey(object, 'Job')
    if (owner) queue.add(owner)
    // A pod whose Job is gone must not hang on the finalizer for ever.
    else if (object.metadata.deletionTimestamp && tracked(object)) release(context, object)
    if (owner && object.metadata.deletionTimestamp && !byKey(store, 'Job', owner))
      clock.after(timing.controllerMs, () => release(context, object))
  }

  function sync(key: string): void {
    const job = byKey(store, 'Job', key)
    if (!job) return
    const pods = podsOf(store, job)
    count(job, pods)
    const counted = byKey(store, 'Job', key) as KubeObject
    if (over(counted) || counted.metadata.deletionTimestamp) {
      end(context, pods)
      return
    }
    const outcome = judge(context, counted)
    if (outcome) conclude(context, counted, outcome, pods)
    else {
      balance(counted, key)
      report(key)
    }
  }

  /** Moves finished pods into the counters, then lets go of them, in this order: a crash counts none twice. */
  function count(job: KubeObject, pods: readonly KubeObject[]): void {
    const done = pods.filter((pod) => tracked(pod) && (finished(pod) || lost(job, pod)))
    if (done.length === 0) return
    const failed = done.filter((pod) => pod.status.phase !== 'Succeeded' && !ignored(job, pod))
    const succeeded = done.filter((pod) => pod.status.phase === 'Succeeded').length
    if (failed.length > 0) {
      const count = (lastFailure.get(job.metadata.uid)?.count ?? 0) + failed.length
      lastFailure.set(job.metadata.uid, { at: clock.now(), count })
    }
    store.write(job, (draft) => {
      const { failed: before = 0, succeeded: earlier = 0 } = draft.status ?? {}
      draft.status = { ...draft.status, failed: before + failed.length, succeeded: earlier + succeeded }
    })
    for (const pod of done) release(context, pod)
  }

  function balance(job: KubeObject, key: string): void {
    const pods = podsOf(store, job)
    const running = pods.filter(active)
    const { succeeded = 0 } = job.status ?? {}
    const left = job.spec.completions === undefined ? job.spec.parallelism : job.spec.completions - succeeded
    const wanted = job.spec.suspend ? 0 : Math.min(job.spec.parallelism, left)
    for (const pod of running.slice(wanted)) deletePod(store, pod)
    // With podReplacementPolicy Failed a pod on its way out still holds its place.
    const leaving = pods.filter((pod) => pod.metadata.deletionTimestamp && !finished(pod)).length
    const missing = wanted - running.length - (job.spec.podReplacementPolicy === 'Failed' ? leaving : 0)
    if (missing <= 0) return
    const failure = lastFailure.get(job.metadata.uid)
    const pause = failure ? Math.min(LAST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (failure.count - 1)) : 0
    const wait = failure ? failure.at + pause - clock.now() : 0
    if (wait > 0) {
      queue.add(key, wait)
      return
    }
    for (let i = 0; i < missing; i++) createPod(store, job, job.spec.template, { finalizers: [TRACKING] })
  }

  function report(key: string): void {
    const job = byKey(store, 'Job', key)
    if (!job) return
    const pods = podsOf(store, job)
    store.write(job, (draft) => {
      draft.status = {
        ...draft.status,
        active: pods.filter(active).length,
        ready: pods.filter((pod) => active(pod) && podReady(pod)).length,
        terminating: pods.filter((pod) => pod.metadata.deletionTimestamp && !finished(pod)).length,
        uncountedTerminatedPods: {}
      }
      if (!job.spec.suspend) draft.status.startTime ??= timestamp(clock.now())
    })
    if (job.spec.activeDeadlineSeconds) queue.add(key, job.spec.activeDeadlineSeconds * 1000)
  }

  return { onChange }
}

function tracked(pod: KubeObject): boolean {
  return pod.metadata.finalizers?.includes(TRACKING) === true
}

function release(context: ControllerContext, pod: KubeObject): void {
  const { store } = context
  store.write(pod, ({ metadata }) => {
    metadata.finalizers = (metadata.finalizers ?? []).filter((one: string) => one !== TRACKING)
  })
}

/** `podFailurePolicy` with onPodConditions, which is how a Job says that evictions are not its failures. */
function ignored(job: KubeObject, pod: KubeObject): boolean {
  const rule = (job.spec.podFailurePolicy?.rules ?? []).find((one: Raw) =>
    one.onPodConditions?.some(({ type, status = 'True' }: Raw) => conditionOf(pod, type)?.status === status)
  )
  return rule?.action === 'Ignore'
}

function judge(context: ControllerContext, job: KubeObject): Raw | undefined {
  const { clock, store } = context
  const { succeeded = 0, failed = 0 } = job.status ?? {}
  if (failed > job.spec.backoffLimit) {
    return {
      type: 'Failed',
      status: 'True',
      reason: 'BackoffLimitExceeded',
      message: 'Job has reached the specified backoff limit'
    }
  }
  const limit = job.spec.activeDeadlineSeconds
  if (limit && job.status?.startTime && clock.now() >= Date.parse(job.status.startTime) + limit * 1000) {
    return {
      type: 'Failed',
      status: 'True',
      reason: 'DeadlineExceeded',
      message: 'Job was active longer than specified deadline'
    }
  }
  const enough =
    job.spec.completions === undefined
      ? succeeded > 0 && podsOf(store, job).filter(active).length === 0
      : succeeded >= job.spec.completions
  if (!enough) return undefined
  return {
    type: 'Complete',
    status: 'True',
    reason: 'CompletionsReached',
    message: 'Reached expected number of succeeded pods'
  }
}

function conclude(context: ControllerContext, job: KubeObject, outcome: Raw, pods: readonly KubeObject[]): void {
  const { clock, store } = context
  end(context, pods)
  const now = timestamp(clock.now())
  const fresh = store.find('Job', job.metadata.namespace, job.metadata.name)
  if (!fresh) return
  store.write(fresh, (draft) => {
    draft.status.active = 0
    delete draft.status.ready
    if (outcome.type === 'Complete') draft.status.completionTime = now
    setCondition(draft.status, outcome, now)
  })
  const ttl = job.spec.ttlSecondsAfterFinished
  if (ttl === undefined) return
  clock.after(ttl * 1000, () => {
    const same = store.find('Job', job.metadata.namespace, job.metadata.name)
    if (same?.metadata.uid === job.metadata.uid) store.remove('Job', job.metadata.namespace, job.metadata.name)
  })
}

function end(context: ControllerContext, pods: readonly KubeObject[]): void {
  const { store } = context
  for (const pod of pods) {
    if (active(pod)) deletePod(store, pod)
    else if (finished(pod) && tracked(pod)) release(context, pod)
  }
}

/** A pod that is being deleted has failed, unless only pods that reached the phase Failed are replaced. */
function lost(job: KubeObject, pod: KubeObject): boolean {
  return pod.metadata.deletionTimestamp !== undefined && job.spec.podReplacementPolicy !== 'Failed'
}

function over(job: KubeObject): boolean {
  return ['Complete', 'Failed'].some((type) => conditionOf(job, type)?.status === 'True')
}
