/** What the drain waits for, in words. */
import { waitsShown } from '../../model/limits.ts'
import type { Waiting } from '../../model/report.ts'
import type { OpenRun } from '../../record/record.ts'
import { isStale, type World } from '../../world/world.ts'
import { gateWaits } from '../gates.ts'
import { staleWait } from '../stage.ts'
import type { DrainSurvey } from './survey.ts'
import { detachWaits } from './volume-detach.ts'
import type { PlannedWorkload } from './workload.ts'

export function drainWaits(
  world: World,
  run: OpenRun,
  survey: DrainSurvey,
  planned: readonly PlannedWorkload[]
): readonly Waiting[] {
  const list: readonly Waiting[] = [
    ...(isStale(world) ? [staleWait(world)] : []),
    ...gateWaits(world, run),
    ...unplacedWaits(world, run, survey),
    ...planned.map(({ workload, step }) => ({ what: workload.label, seen: step.waiting })),
    ...survey.jobsWaitedFor.map((job) => ({ what: job, seen: 'the Job is waited for (--jobs evict would not wait)' })),
    ...detachWaits(survey.attachments),
    ...survey.ailing.map((ailment) => ({ what: ailment.label, seen: ailment.text }))
  ]
  return list.filter(({ seen }) => seen !== '').slice(0, waitsShown)
}

function unplacedWaits(world: World, run: OpenRun, { unplacedPods }: DrainSurvey): readonly Waiting[] {
  return unplacedPods.map(({ namespace, name, unschedulable }) => ({
    what: `${namespace}/${name}`,
    seen: `the scheduler cannot place it: ${unschedulable?.message ?? ''}`,
    sinceAt: unschedulable?.sinceAt,
    untilAt: (unschedulable?.sinceAt ?? world.now) + run.settings.podTimeoutMs
  }))
}
