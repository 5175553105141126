import { check } from '../expect.ts'
import type { Ground } from '../ground.ts'
import { checkEvictions, checkNoWrites, type EndToEndScenario, mark, onGround } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkRestored, checkSwapped, readSettings } from '../snapshot.ts'
import type { Testbed } from '../testbed.ts'
import { checkExit, runCli, tail } from '../tool.ts'
import { budget, shop } from '../workloads.ts'

export const upgraded: EndToEndScenario = {
  name: 'upgraded',
  what: 'refused while something stands in the way, then planned, upgraded, and the second time unchanged',
  async run(testbed, keep) {
    const group = 'workers'
    const options = { group, workloads: shop(`shop-${group}`) }
    await onGround(
      testbed,
      keep,
      options,
      async (stage) => {
        const { ground, observer, before } = stage
        await refusedPlan(testbed, ground.namespace)
        let since = await mark(testbed)
        checkExit('plan', await runCli(testbed, 'plan'), 0, 'noth')
        await checkNoWrites(testbed, since)

        since = await mark(testbed)
        const run = await runCli(testbed, 'upgrade')
        checkExit('upgrade', run, 0)
        checkCalm(observer)
        checkPlaced(observer, ground.green, ground.blue)
        checkSwapped(before, await readSettings(testbed, ground))
        await checkNothingLeft(testbed)
        checkEvictions(stage, since, ground.blue)
        await checkEvents(testbed, ground)

        since = await mark(testbed)
        const settled = await readSettings(testbed, ground)
        const again = await runCli(testbed, 'upgrade', { options: { output: 'json' } })
        checkExit('upgrade again', again, 0)
        const said = readJson(again.stdout)
        check(
          'standard output is one JSON document that says unchanged',
          said?.outcome === 'unchanged',
          said?.outcome ?? tail(again.stdout, 5)
        )
        await checkNoWrites(testbed, since)
        checkRestored(settled, await readSettings(testbed, ground))
        checkExit('status', await runCli(testbed, 'status'), 0)
      },
      async (ground) => {
        // What an operator had done before is there afterwards.
        await testbed.aws.autoScaling.suspendProcesses({
          AutoScalingGroupName: ground.blue,
          ScalingProcesses: ['AZRebalance']
        })
      }
    )
  }
}

/** What was done is told by Events of the objects that it was done to. */
async function checkEvents({ kubernetes }: Testbed, { blue, namespace }: Ground): Promise<void> {
  const of = async (path: string) => {
    const { items } = await kubernetes.list(`/apis/events.k8s.io/v1/namespaces/${path}/events`)
    return items.filter((event) => event.reportingController === 'eks-node-upgrade')
  }
  const told = (await of('default')).map(({ reason, regarding }) => `${reason} ${regarding.kind}`)
  const cordons = told.filter((one) => one === 'Cordoned Node').length
  check(`every node of ${blue} that was cordoned has an Event`, cordons >= 6, told)
  const moved = (await of(namespace)).map(({ reason, regarding }) => `${reason} ${regarding.kind}/${regarding.name}`)
  check('workloads that moved have one each', moved.includes('PodsMoving Deployment/web'), moved)
  check('and no more than one', new Set(moved).size === moved.length, moved)
}

async function refusedPlan(testbed: Testbed, namespace: string): Promise<void> {
  const { kubernetes } = testbed
  const second = budget(namespace, 'web', { maxUnavailable: 1 })
  second.object.metadata.name = 'web-too'
  const bare = {
    metadata: { name: 'bare', namespace },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'main', image: 'app:1' }] }
  }
  const pods = `/api/v1/namespaces/${namespace}/pods`
  await kubernetes.create(second.path, second.object)
  await kubernetes.create(pods, bare)
  const since = await mark(testbed)
  const plan = await runCli(testbed, 'plan')
  checkExit('plan with a bare pod and two budgets', plan, 3)
  check('it names both', plan.output.includes('bare') && plan.output.includes('web-too'), tail(plan.output, 12))
  const upgrade = await runCli(testbed, 'upgrade')
  checkExit('upgrade with the same', upgrade, 3)
  await checkNoWrites(testbed, since)
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
