/** Every workload that had a pod on the outgoing nodes is as healthy as before, look after look, for the whole soak. */

import type { Waiting } from '../model/report.ts'
import type { OpenRun } from '../record/record.ts'
import { agreedLooks } from '../world/observations.ts'
import { ailments, changedMeanwhile } from '../world/workload-health.ts'
import { isStale, type World } from '../world/world.ts'
import { done, failed, type Stage, wait } from './stage.ts'

export const verify: Stage = {
  name: 'verify',
  next(world, run) {
    const worse = ailments(run.baseline, world.index, world.now)
    const total = Object.keys(run.baseline).length
    if (isStale(world)) {
      const seen = `no news for ${Math.round((world.now - world.view.freshAt) / 1000)} s`
      return wait('nobody knows how the workloads are', { what: 'the API server', seen, sinceAt: world.view.freshAt })
    }
    if (worse.length > 0) {
      const badFor = world.now - (world.observations.badSince ?? world.now)
      if (badFor >= run.settings.podTimeoutMs) {
        return failed(
          'unhealthy',
          `${worse[0]?.text ?? 'a workload is not healthy'}${worse.length > 1 ? ` (and ${worse.length - 1} more workloads)` : ''}`,
          'Look at the pods that are not ready; the change of the nodes is what they have in common.'
        )
      }
      const untilAt = (world.observations.badSince ?? world.now) + run.settings.podTimeoutMs
      const waiting = worse
        .slice(0, 5)
        .map((ailment): Waiting => ({ what: ailment.label, seen: ailment.text, untilAt }))
      return wait(`${total - worse.length} of ${total} workloads as healthy as before`, ...waiting)
    }
    const goodFor = world.now - (world.observations.goodSince ?? world.now)
    if (agreedLooks(world.observations, 'verify') < 2 || goodFor < run.settings.soakMs) {
      return wait(`${total} of ${total} workloads as healthy as before`, {
        what: 'the soak',
        seen: 'all is as healthy as before',
        untilAt: (world.observations.goodSince ?? world.now) + run.settings.soakMs
      })
    }
    return done(`${total} of ${total} workloads as healthy as before`, notes(world, run))
  }
}

function notes(world: World, run: OpenRun): readonly string[] {
  return changedMeanwhile(run.baseline, world.index).map(
    (label) => `${label} was changed by others meanwhile and was not judged`
  )
}
