/**
 * The eviction subresource, branch by branch as the API server has it:
 * https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/registry/core/pod/storage/eviction.go
 */
import { type ApiStatus, badRequest, type Cause, failure, forbidden, success, tooManyRequests } from './api-error.ts'
import { conditionOf, finished, type KubeObject, podReady, type Raw, setCondition, timestamp } from './object.ts'
import { namespaceTerminating, uidMismatch, versionMismatch } from './preconditions.ts'
import { resourceOfKind } from './resource.ts'
import { matchesSelector } from './selector.ts'
import type { DeleteOptions, ObjectStore } from './store.ts'

export interface Eviction {
  apiVersion?: string
  kind?: string
  metadata?: { name?: string; namespace?: string }
  deleteOptions?: DeleteOptions
}

const MAX_DISRUPTED_PODS = 2000
const violation = "Cannot evict pod as it would violate the pod's disruption budget."

/** Throws an ApiError, or answers Success. A budget that allows it has one disruption less afterwards. */
export function answerEviction(
  store: ObjectStore,
  now: () => number,
  target: { namespace: string; name: string },
  body: Eviction,
  dryRunAsked = false
): ApiStatus {
  const { namespace, name } = target
  if (body.metadata?.name !== name) throw badRequest('name in URL does not match name in Eviction object')
  // Admission comes before the registry looks for the pod: an eviction is new content of the namespace.
  if (store.find('Namespace', undefined, namespace)?.status?.phase === 'Terminating') {
    throw namespaceTerminating(resourceOfKind('Pod'), namespace, name)
  }
  const options = deleteOptions(body, dryRunAsked)
  const dryRun = (options.dryRun?.length ?? 0) > 0
  const pod = store.get('Pod', namespace, name)

  if (ignoresBudgets(pod)) return markAndDelete(store, now, pod, options, dryRun)

  const budgets = store
    .list('PodDisruptionBudget', namespace)
    .filter((one) => matchesSelector(one.spec?.selector, pod.metadata.labels))
  if (budgets.length > 1) {
    throw failure(
      500,
      '',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.'
    )
  }
  const budget = budgets[0]
  // An unready pod serves no traffic: evicting it takes nothing from the budget if the budget's policy agrees.
  if (budget && !(!podReady(pod) && unhealthyMayGo(budget))) takeFromBudget(store, now, budget, name, dryRun)
  return markAndDelete(store, now, pod, options, dryRun)
}

function deleteOptions(body: Eviction, dryRunAsked: boolean): DeleteOptions {
  const options = { ...body.deleteOptions }
  const inBody = options.dryRun ?? []
  if (dryRunAsked && inBody.length === 0) options.dryRun = ['All']
  return options
}

function ignoresBudgets(pod: KubeObject): boolean {
  return finished(pod) || pod.status?.phase === 'Pending' || pod.metadata.deletionTimestamp !== undefined
}

function unhealthyMayGo(budget: KubeObject): boolean {
  if (budget.spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function takeFromBudget(store: ObjectStore, now: () => number, budget: KubeObject, pod: string, dryRun: boolean): void {
  const { name } = budget.metadata
  const status = budget.status ?? {}
  const allowed = status.disruptionsAllowed ?? 0
  if ((status.observedGeneration ?? 0) < (budget.metadata.generation ?? 0)) {
    throw tooManyRequests(violation, 10, [
      cause(`The disruption budget ${name} is still being processed by the server.`)
    ])
  }
  const resource = resourceOfKind('PodDisruptionBudget')
  const denied = { ...resource, plural: 'poddisruptionbudget' }
  if (allowed < 0) {
    const why = 'pdb disruptions allowed is negative'
    throw forbidden(denied, name, why, [
      cause(`The disruption budget ${name} does not allow evicting pods currently: ${why}`)
    ])
  }
  if (Object.keys(status.disruptedPods ?? {}).length > MAX_DISRUPTED_PODS) {
    throw forbidden(denied, name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller', [
      cause(
        `The disruption budget ${name} does not allow evicting pods currently: too many pending evictions not confirmed by PDB controller`
      )
    ])
  }
  if (allowed === 0) throw tooManyRequests(violation, 0, [cause(whyNone(budget))])
  if (dryRun) return
  store.write(budget, (draft) => {
    draft.status.disruptionsAllowed = allowed - 1
    draft.status.disruptedPods = { ...draft.status.disruptedPods, [pod]: timestamp(now()) }
    if (allowed === 1) setDisruptionAllowed(draft.status, timestamp(now()))
  })
}

function whyNone(budget: KubeObject): string {
  const { name } = budget.metadata
  const { currentHealthy = 0, desiredHealthy = 0 } = budget.status ?? {}
  const allowed = conditionOf(budget, 'DisruptionAllowed')
  const unsynced = allowed?.status === 'False' && allowed.message
  if (unsynced && allowed.reason === 'SyncFailed') {
    return `The disruption budget ${name} does not allow evicting pods currently because it failed sync: ${allowed.message}`
  }
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`
  }
  if (unsynced)
    return `The disruption budget ${name} does not allow evicting pods currently (${allowed.reason}): ${allowed.message}`
  return `The disruption budget ${name} does not allow evicting pods currently`
}

function cause(message: string): Cause {
  return { reason: 'DisruptionBudget', message }
}

/** Sets the condition that goes with `disruptionsAllowed`, in the draft of a budget's status. */
export function setDisruptionAllowed(status: Raw, now: string): void {
  const allowed = status.disruptionsAllowed > 0
  const said = {
    type: 'DisruptionAllowed',
    status: allowed ? 'True' : 'False',
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
    observedGeneration: status.observedGeneration
  }
  setCondition(status, said, now)
}

function markAndDelete(
  store: ObjectStore,
  now: () => number,
  pod: KubeObject,
  options: DeleteOptions,
  dryRun: boolean
): ApiStatus {
  const { namespace, name, uid, resourceVersion } = pod.metadata
  const wanted = options.preconditions ?? {}
  if (!dryRun) {
    if (wanted.uid && wanted.uid !== uid) throw uidMismatch(pod, wanted.uid)
    if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion)
      throw versionMismatch(pod, wanted.resourceVersion)
    const reason = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
    store.write(pod, (draft) => {
      draft.status ??= {}
      setCondition(
        draft.status,
        {
          type: 'DisruptionTarget',
          status: 'True',
          lastProbeTime: null,
          observedGeneration: draft.metadata.generation,
          ...reason
        },
        timestamp(now())
      )
    })
  }
  // The mark above moved the version, so the delete goes by UID alone from here.
  const preconditions = dryRun ? wanted : { uid }
  store.remove('Pod', namespace, name, { ...options, preconditions })
  return success()
}
