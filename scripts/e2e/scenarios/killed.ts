import { check, say } from '../expect.ts'
import { checkEvictions, type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkSwapped, readSettings } from '../snapshot.ts'
import { checkExit, runCli, startCli } from '../tool.ts'
import { shop } from '../workloads.ts'

export const killed: EndToEndScenario = {
  name: 'killed',
  what: 'SIGKILL in the middle of drain, then the same command: upgraded',
  async run(testbed, keep) {
    const group = 'killed'
    await onGround(testbed, keep, { group, workloads: shop(`shop-${group}`, '5s') }, async (stage) => {
      const { ground, observer, before, podsBefore } = stage
      const since = await mark(testbed)
      const first = startCli(testbed, 'upgrade')
      await observer.when('a third of the pods has moved', 120, () => {
        const there = observer.podsOn(ground.green).length
        return there >= podsBefore / 3 || first.child.exitCode !== null
      })
      first.child.kill('SIGKILL')
      const ended = await first.ended
      const moved = observer.podsOn(ground.green).length
      check(
        'it was killed with some pods moved, not all',
        ended.signal === 'SIGKILL' && moved > 0 && moved < podsBefore,
        {
          there: moved,
          of: podsBefore
        }
      )
      const again = await runCli(testbed, 'upgrade')
      say(`the Lease had to run out first: ${again.seconds.toFixed(1)} s for the second run`)
      checkExit('the same command again', again, 0)
      checkCalm(observer)
      checkPlaced(observer, ground.green, ground.blue)
      checkSwapped(before, await readSettings(testbed, ground))
      await checkNothingLeft(testbed)
      checkEvictions(stage, since, ground.blue)
    })
  }
}
