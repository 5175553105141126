import { check } from '../expect.ts'
import { checkEvictions, checkNoWrites, mark, onGround, type Scenario } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkRestored, checkSwapped, readSettings } from '../snapshot.ts'
import { checkExit, runCli, tail } from '../tool.ts'
import { budget, shop } from '../workloads.ts'
import type { World } from '../world.ts'

export const upgraded: Scenario = {
  name: 'upgraded',
  what: 'refused while something stands in the way, then planned, upgraded, and the second time unchanged',
  async run(world, keep) {
    const group = 'workers'
    const options = { group, workloads: shop(`shop-${group}`) }
    await onGround(
      world,
      keep,
      options,
      async (stage) => {
        const { ground, observer, before } = stage
        await refusedPlan(world, ground.namespace)
        let since = await mark(world)
        checkExit('plan', await runCli(world, 'plan'), 0, 'noth')
        await checkNoWrites(world, since)

        since = await mark(world)
        const run = await runCli(world, 'upgrade')
        checkExit('upgrade', run, 0)
        checkCalm(observer)
        checkPlaced(observer, ground.green, ground.blue)
        checkSwapped(before, await readSettings(world, ground))
        await checkNothingLeft(world)
        checkEvictions(stage, since, ground.blue)

        since = await mark(world)
        const settled = await readSettings(world, ground)
        const again = await runCli(world, 'upgrade', { options: { output: 'json' } })
        checkExit('upgrade again', again, 0)
        const said = readJson(again.stdout)
        check(
          'standard output is one JSON document that says unchanged',
          said?.outcome === 'unchanged',
          said?.outcome ?? tail(again.stdout, 5)
        )
        await checkNoWrites(world, since)
        checkRestored(settled, await readSettings(world, ground))
        checkExit('status', await runCli(world, 'status'), 0)
      },
      async (ground) => {
        // What somebody had done before is there afterwards.
        await world.aws.autoScaling.suspendProcesses({
          AutoScalingGroupName: ground.blue,
          ScalingProcesses: ['AZRebalance']
        })
      }
    )
  }
}

async function refusedPlan(world: World, namespace: string): Promise<void> {
  const { kubernetes } = world
  const second = budget(namespace, 'web', { maxUnavailable: 1 })
  second.object.metadata.name = 'web-too'
  const bare = {
    metadata: { name: 'bare', namespace },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'app:1' }] }
  }
  const pods = `/api/v1/namespaces/${namespace}/pods`
  await kubernetes.create(second.path, second.object)
  await kubernetes.create(pods, bare)
  const since = await mark(world)
  const plan = await runCli(world, 'plan')
  checkExit('plan with a bare pod and two budgets', plan, 3)
  check('it names both', plan.output.includes('bare') && plan.output.includes('web-too'), tail(plan.output, 12))
  const upgrade = await runCli(world, 'upgrade')
  checkExit('upgrade with the same', upgrade, 3)
  await checkNoWrites(world, since)
  await kubernetes.remove(`${second.path}/web-too`)
  await kubernetes.remove(`${pods}/bare`)
}

function readJson(from: string): { outcome?: string } | undefined {
  try {
    return JSON.parse(from)
  } catch {
    return undefined
  }
}
