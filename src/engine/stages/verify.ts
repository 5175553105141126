/**
 * Every workload that had a pod on the outgoing nodes is as healthy as before and every gate is good, look after look, for the
 * whole soak.
 */

import { waitsShown } from '../model/limits.ts'
import type { Waiting } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { gatesAskedSince } from '../world/gate-verdict.ts'
import { agreedLooks } from '../world/observations.ts'
import { type Ailment, ailments, changedWorkloads } from '../world/workload-health.ts'
import { isStale, type World } from '../world/world.ts'
import { gateFailure, gateWaits } from './gates.ts'
import { done, failed, type Stage, type Step, staleWait, wait } from './stage.ts'

export const verify: Stage = {
  name: 'verify',
  next(world, run) {
    if (isStale(world)) return wait('the state of the workloads is not known', staleWait(world))
    const worse = ailments(run.baseline, world.index, world.now)
    if (worse.length > 0) return unhealthy(worse, world, run)
    const total = Object.keys(run.baseline).length
    const detail = `${total} of ${total} workloads as healthy as before`
    const gates = gateWaits(world, run)
    if (gates.length > 0)
      return gateFailure(world, run) ?? wait(`${detail}; waiting for gates`, ...gates.slice(0, waitsShown))
    const goodSince = world.observations.goodSince ?? world.now
    const soakedAt = goodSince + run.settings.soakMs
    if (agreedLooks(world.observations, 'verify') >= 2 && world.now >= soakedAt) {
      // What is retired next cannot be brought back: the gates must be good now, not only before.
      return gatesAskedSince(soakedAt, world, run)
        ? done(detail, notes(world, run))
        : wait(detail, { what: 'the gates', seen: 'good so far; each is asked once more after the soak' })
    }
    return wait(detail, { what: 'the soak time', seen: 'still as healthy as before', untilAt: soakedAt })
  }
}

function unhealthy(worse: readonly Ailment[], world: World, run: OpenRun): Step {
  const badSince = world.observations.badSince ?? world.now
  const untilAt = badSince + run.settings.podTimeoutMs
  if (world.now >= untilAt) {
    const more = worse.length > 1 ? ` (and ${worse.length - 1} more workloads)` : ''
    return failed(
      'unhealthy',
      `${worse[0]?.text ?? 'a workload is not healthy'}${more}`,
      'Look at the pods that are not ready; the node change is what they have in common.'
    )
  }
  const total = Object.keys(run.baseline).length
  const waiting = worse.slice(0, waitsShown).map(({ label, text }): Waiting => ({ what: label, seen: text, untilAt }))
  return wait(`${total - worse.length} of ${total} workloads as healthy as before`, ...waiting)
}

function notes(world: World, run: OpenRun): readonly string[] {
  return changedWorkloads(run.baseline, world.index).map(
    (label) => `${label} was changed by others during the run and was not judged`
  )
}
