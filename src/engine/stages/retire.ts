/**
 * Scales the drained side to zero. Sizes go to zero while every instance has scale-in protection, so that Auto Scaling cannot
 * choose one (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-instance-protection.html). Then the
 * instances that two looks have shown empty are terminated by id, which protection does not prevent
 * (https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_TerminateInstanceInAutoScalingGroup.html). In an upgrade, the
 * record says `retiring` before this stage is reached: the point of no return.
 */

import { isRetained } from '../model/lifecycle.ts'
import { agreeMs, namesShown, retireBatch } from '../model/limits.ts'
import type { Instance } from '../model/node-group.ts'
import type { Waiting } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { type Action, terminationsRequested } from '../world/action.ts'
import { agreedLooks } from '../world/observations.ts'
import { occupancyOf } from '../world/occupancy.ts'
import { ailments } from '../world/workload-health.ts'
import { isStale, nodeOf, type World } from '../world/world.ts'
import { volumesText } from './drain/volume-detach.ts'
import { protection } from './freeze.ts'
import { act, done, failed, type Stage, type Step, wait } from './stage.ts'

export const retire: Stage = {
  name: 'retire',
  next(world, run) {
    const { from } = world
    const left = from.group.instances.filter((instance) => !isRetained(instance))
    const retained = from.group.instances.filter(isRetained)
    const notes = retained.map(
      (instance) => `${instance.id} is retained by a lifecycle policy: terminate it when you are done with it`
    )
    const zero = zeroSize(world)
    if (zero) return zero
    const detail = `${from.group.name} has ${left.length} instances`
    // That there is no instance counts only after two reads that agree.
    if (left.length === 0) {
      return agreedLooks(world.observations, `empty ${from.group.name}`) >= 2
        ? done(`${from.group.name} has no instances`, notes)
        : wait(detail, { what: from.group.name, seen: 'no instances; checking once more' })
    }
    const requested = terminationsRequested(from.group.name, world.observations, world.now)
    const worse = run.direction === 'retiring' ? ailments(run.baseline, world.index, world.now) : []
    // An instance whose termination was accepted a moment ago may still be shown in service.
    const leaving = left.filter(({ id, lifecycle }) => /^Terminat/.test(lifecycle) || requested.has(id))
    const present = left.filter((instance) => !leaving.includes(instance))
    if (present.length > 0 && worse.length > 0) return stopForward(worse[0]?.text ?? '', world, run)
    const ready = present.filter((instance) => mayTerminate(instance, world))
    if (ready.length > 0) {
      const batch = ready.slice(0, retireBatch).map((instance) => instance.id)
      return act(detail, [{ kind: 'terminate', group: from.group.name, instanceIds: batch }], waitingFor(leaving))
    }
    return wait(
      detail,
      ...waitingFor(leaving),
      ...present.slice(0, namesShown).map((instance) => busyNode(instance, world, run))
    )
  }
}

/** Min, Max and Desired to zero, but only once no instance can be chosen. Without instances, release sets Max. */
function zeroSize(world: World): Step | undefined {
  const { from } = world
  const { min, max, desired } = from.group.capacity
  const unprotected = from.counted.filter((instance) => !instance.protectedFromScaleIn)
  if (unprotected.length > 0) {
    const actions: Action[] = protection(from)
    const coming = unprotected.filter((instance) => instance.lifecycle !== 'InService')
    const waiting = coming.map(
      (instance): Waiting => ({ what: instance.id, seen: `${instance.lifecycle}, not protected from scale-in yet` })
    )
    return act(`${from.group.name}: protecting ${unprotected.length} instances`, actions, waiting)
  }
  if (min === 0 && desired === 0 && (max === 0 || from.group.instances.length === 0)) return undefined
  return act(`${from.group.name}: scaling to zero`, [
    { kind: 'resize', group: from.group.name, capacity: { min: 0, max: 0, desired: 0 } }
  ])
}

/** Two looks have shown its node empty of movable pods and of volumes, or it never joined. */
function mayTerminate(instance: Instance, world: World): boolean {
  const since = isStale(world) ? undefined : world.observations.emptySince.get(instance.id)
  return since !== undefined && world.now - since >= agreeMs
}

function stopForward(worst: string, world: World, run: OpenRun): Step {
  const badFor = world.now - (world.observations.badSince ?? world.now)
  const untilAt = (world.observations.badSince ?? world.now) + run.settings.podTimeoutMs
  if (badFor < run.settings.podTimeoutMs) {
    return wait(`${world.from.group.name} keeps its instances while workloads are less healthy than before`, {
      what: 'the workloads',
      seen: worst,
      untilAt
    })
  }
  return failed(
    'unhealthy',
    `${worst}, after the point of no return. ${world.from.group.name} keeps ${world.from.instances.length} cordoned instances.`,
    'Fix the workload, then run the same command again: it continues to retire the group.'
  )
}

function waitingFor(leaving: readonly Instance[]): readonly Waiting[] {
  return leaving.slice(0, namesShown).map(({ id, lifecycle }) => ({
    what: id,
    seen: /^Terminat/.test(lifecycle) ? lifecycle : `${lifecycle}, termination requested`
  }))
}

function busyNode(instance: Instance, world: World, run: OpenRun): Waiting {
  const node = nodeOf(world.from, instance)
  const pods = occupancyOf(world, run).podsOn(instance)
  const names = pods.slice(0, namesShown).map((pod) => `${pod.namespace}/${pod.name}`)
  const more = pods.length > namesShown ? ` and ${pods.length - namesShown} more` : ''
  const volumes = node && volumesText(node.name, world.view)
  const gone = node ? '' : ', and its Node object is gone'
  const seen =
    names.length > 0
      ? `${names.join(', ')}${more} still there${gone}`
      : (volumes ?? 'checking once more whether it is empty')
  return { what: node?.name ?? instance.id, seen }
}
