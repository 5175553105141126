/**
 * What the engine can do to the world. An action is a value: it says what is to be, never by how much to change it, so that it
 * may be repeated, lost or answered late.
 */
import type { Cluster, EvictionAnswer, Node, Pod, Workload, WriteAnswer } from '../model/cluster.ts'
import { unreachable } from '../model/error.ts'
import { groupSettleMs, terminateAgainMs } from '../model/limits.ts'
import type { Capacity, NewTemplateVersion, NodeGroups } from '../model/node-group.ts'
import type { ReadonlyObservations } from './observations.ts'

export type GroupAction =
  | { kind: 'resize'; group: string; capacity: Partial<Capacity> }
  | { kind: 'suspend'; group: string; processes: readonly string[] }
  | { kind: 'resume'; group: string; processes: readonly string[] }
  | { kind: 'protect'; group: string; instanceIds: readonly string[]; on: boolean }
  | { kind: 'protect-new'; group: string; on: boolean }
  | { kind: 'tag'; group: string; tags: Readonly<Record<string, string>> }
  | { kind: 'untag'; group: string; keys: readonly string[] }
  | { kind: 'terminate'; group: string; instanceIds: readonly string[] }
  /** Of a launch template that the group follows. */
  | { kind: 'add-version'; group: string; version: NewTemplateVersion }
  | { kind: 'set-default'; group: string; template: string; version: number }
  | { kind: 'remove-version'; group: string; template: string; version: number }

export type ClusterAction =
  | { kind: 'cordon'; node: Node; runId: string }
  | { kind: 'uncordon'; node: Node }
  | { kind: 'restart'; workload: Workload; mark: string }
  | { kind: 'unmark-workload'; workload: Workload }

export type PodAction = {
  kind: 'evict' | 'remove'
  pod: Pod
  /**
   * Requests of one lane go one after the other: evictions that race for one budget make the API server retry each of them
   * half a second later. A pod without a budget has a lane of its own.
   */
  lane: string
  budgetVersion: string | undefined
}

export type Action = GroupAction | ClusterAction | PodAction

export function isGroupAction(action: Action): action is GroupAction {
  return 'group' in action
}

export function isPodAction(action: Action): action is PodAction {
  return action.kind === 'evict' || action.kind === 'remove'
}

/**
 * Names an action for "is it under way" and "has it been tried on this very object". Guarded changes carry the object's
 * version: as long as the object has not changed, the same change needs no second request.
 */
export function actionKey(action: Action): string {
  switch (action.kind) {
    case 'resize':
      return `resize ${action.group} ${JSON.stringify(action.capacity)}`
    case 'suspend':
    case 'resume':
      return `${action.kind} ${action.group} ${action.processes.join()}`
    case 'protect':
      return `protect ${action.group} ${action.on} ${action.instanceIds.join()}`
    case 'protect-new':
      return `protect-new ${action.group} ${action.on}`
    case 'tag':
      return `tag ${action.group} ${Object.keys(action.tags).join()}`
    case 'untag':
      return `untag ${action.group} ${action.keys.join()}`
    case 'terminate':
      return `terminate ${action.group} ${action.instanceIds.join()}`
    case 'add-version':
      return `add-version ${action.version.template} ${action.version.description}`
    case 'set-default':
    case 'remove-version':
      return `${action.kind} ${action.template} ${action.version}`
    case 'cordon':
    case 'uncordon':
      return `${action.kind} ${action.node.uid} ${action.node.resourceVersion}`
    case 'restart':
    case 'unmark-workload':
      return `${action.kind} ${action.workload.uid} ${action.workload.resourceVersion}`
    case 'evict':
    case 'remove':
      return `evict ${action.pod.uid}`
    default:
      return unreachable(action)
  }
}

/**
 * Ids of a group's instances whose termination is under way, or was accepted so lately that the group may still show them in
 * service. They are not terminated a second time as part of another batch, whose key would be another one.
 */
export function terminationsRequested(
  group: string,
  observations: ReadonlyObservations,
  now: number
): ReadonlySet<string> {
  const prefix = `terminate ${group} `
  const accepted = [...observations.attempts].flatMap(([key, { error, nextAt }]) =>
    error === undefined && now < nextAt - groupSettleMs + terminateAgainMs ? [key] : []
  )
  const keys = [...observations.inFlight, ...accepted].filter((key) => key.startsWith(prefix))
  return new Set(keys.flatMap((key) => key.slice(prefix.length).split(',')))
}

/** What an action is about, as kubectl or the AWS console prints it. */
export function actionObject(action: Action): string {
  if (isGroupAction(action)) return action.group
  if (isPodAction(action)) return `${action.pod.namespace}/${action.pod.name}`
  return 'node' in action ? action.node.name : `${action.workload.namespace}/${action.workload.name}`
}

/** In words, for the timeline; undefined for what happens so often that it is counted instead. */
export function actionText(action: Action): string | undefined {
  switch (action.kind) {
    case 'resize': {
      const { min, max, desired } = action.capacity
      const parts = [
        min === undefined ? '' : `min ${min}`,
        max === undefined ? '' : `max ${max}`,
        desired === undefined ? '' : `desired ${desired}`
      ]
      return `${action.group}: ${parts.filter(Boolean).join(', ')}`
    }
    case 'suspend':
      return `${action.group}: suspended ${action.processes.join(', ')}`
    case 'resume':
      return `${action.group}: resumed ${action.processes.join(', ')}`
    case 'protect':
      return `${action.group}: scale-in protection ${action.on ? 'on' : 'off'} for ${action.instanceIds.length} instances`
    case 'protect-new':
      return `${action.group}: scale-in protection of new instances ${action.on ? 'on' : 'off'}`
    case 'tag':
      return `${action.group}: tagged ${Object.keys(action.tags).join(', ')}`
    case 'untag':
      return `${action.group}: removed tags ${action.keys.join(', ')}`
    case 'terminate':
      return `${action.group}: terminated ${action.instanceIds.join(', ')}`
    case 'add-version':
      return `${action.group}: wrote a version of ${action.version.template} with ${action.version.image}`
    case 'set-default':
      return `${action.group}: made version ${action.version} the default of ${action.template}`
    case 'remove-version':
      return `${action.group}: removed version ${action.version} of ${action.template}, which this run had written`
    case 'cordon':
      return `cordoned node ${action.node.name}`
    case 'uncordon':
      return `uncordoned node ${action.node.name}`
    case 'restart':
      return `restarted ${action.workload.namespace}/${action.workload.name}`
    case 'remove':
      return `deleted ${action.pod.namespace}/${action.pod.name}, which was not ready and whose budget refused its eviction`
    case 'unmark-workload':
    case 'evict':
      return undefined
    default:
      return unreachable(action)
  }
}

export type ActionAnswer = WriteAnswer | EvictionAnswer

/** Carries one action out. Rejects with what the adapter throws. */
export async function perform(
  action: Action,
  groups: NodeGroups,
  cluster: Cluster,
  now: number
): Promise<ActionAnswer> {
  switch (action.kind) {
    case 'evict':
      return cluster.evict(action.pod)
    case 'remove':
      return cluster.remove(action.pod)
    case 'cordon':
      return cluster.cordonNode(action.node, action.runId)
    case 'uncordon':
      return cluster.uncordonNode(action.node)
    case 'restart':
      return cluster.restart(action.workload, now, action.mark)
    case 'unmark-workload':
      return cluster.unmarkWorkload(action.workload)
    default:
      await performOnGroup(action, groups)
      return 'done'
  }
}

function performOnGroup(action: GroupAction, groups: NodeGroups): Promise<void> {
  switch (action.kind) {
    case 'resize':
      return groups.resize(action.group, action.capacity)
    case 'suspend':
      return groups.suspend(action.group, action.processes)
    case 'resume':
      return groups.resume(action.group, action.processes)
    case 'protect':
      return groups.protect(action.group, action.instanceIds, action.on)
    case 'protect-new':
      return groups.protectNew(action.group, action.on)
    case 'tag':
      return groups.tag(action.group, action.tags)
    case 'untag':
      return groups.untag(action.group, action.keys)
    case 'terminate':
      return groups.terminate(action.group, action.instanceIds)
    case 'add-version':
      return groups.addTemplateVersion(action.version)
    case 'set-default':
      return groups.setDefaultVersion(action.template, action.version)
    case 'remove-version':
      return groups.removeTemplateVersion(action.template, action.version)
    default:
      return unreachable(action)
  }
}
