import { callsSince, isEviction, summarize } from '../audit.ts'
import { check, say } from '../expect.ts'
import { removeTag, setTag } from '../ground.ts'
import { type EndToEndScenario, mark, onGround, type ScenarioRun } from '../run.ts'
import { checkCalm, checkNothingLeft, checkPlaced, checkRestored, readSettings } from '../snapshot.ts'
import { checkExit, runCli, tail } from '../tool.ts'
import { shop } from '../workloads.ts'

const wordsOfAws = 'We currently do not have sufficient m7i.large capacity in the Availability Zone you requested.'

export const reverted: EndToEndScenario = {
  name: 'reverted',
  what: 'a launch that fails, then new pods that never become ready: everything is reverted',
  async run(testbed, keep) {
    const group = 'broken'
    let cordoned = ''
    await onGround(
      testbed,
      keep,
      { group, workloads: shop(`shop-${group}`, '5s'), greenTags: { 'simulated/launch-fails': wordsOfAws } },
      async (stage) => {
        const { ground } = stage
        const launch = await runCli(testbed, 'upgrade', { options: { 'launch-timeout-minutes': '0.15' } })
        checkExit('upgrade where nothing launches', launch, 4, 'reverted')
        check(
          "AWS's own words are shown",
          launch.output.includes('sufficient m7i.large capacity'),
          tail(launch.output, 6)
        )
        await checkAsBefore(stage, cordoned)

        await removeTag(testbed, ground.green, 'simulated/launch-fails')
        await setTag(testbed, ground.green, 'simulated/ready-after', 'never')
        const before = await readSettings(testbed, ground)
        const since = await mark(testbed)
        stage.observer.start()
        const move = await runCli(testbed, 'upgrade', { options: { 'pod-timeout-minutes': '0.15' } })
        checkExit('upgrade where new pods never become ready', move, 4, 'reverted')
        const calls = callsSince(testbed, since.audit)
        if (calls) {
          say(`calls by the product: ${summarize(calls)}`)
          check('pods had begun to move', calls.filter(isEviction).length > 0, `${calls.filter(isEviction).length}`)
        }
        await checkAsBefore({ ...stage, before }, cordoned)
      },
      async (ground) => {
        const { kubernetes, aws } = testbed
        const node = (await kubernetes.list('/api/v1/nodes')).items[0]
        cordoned = node?.metadata.name ?? ''
        await kubernetes.patch(`/api/v1/nodes/${cordoned}`, { spec: { unschedulable: true } })
        await aws.autoScaling.suspendProcesses({
          AutoScalingGroupName: ground.blue,
          ScalingProcesses: ['AZRebalance', 'ReplaceUnhealthy']
        })
        const { AutoScalingGroups = [] } = await aws.autoScaling.describeAutoScalingGroups({
          AutoScalingGroupNames: [ground.blue]
        })
        const instance = AutoScalingGroups[0]?.Instances?.[0]?.InstanceId ?? ''
        await aws.autoScaling.setInstanceProtection({
          AutoScalingGroupName: ground.blue,
          InstanceIds: [instance],
          ProtectedFromScaleIn: true
        })
      }
    )
  }
}

async function checkAsBefore({ testbed, ground, observer, before }: ScenarioRun, cordoned: string): Promise<void> {
  checkCalm(observer)
  checkRestored(before, await readSettings(testbed, ground))
  await checkNothingLeft(testbed, [cordoned])
  checkPlaced(observer, ground.blue, ground.green)
  const left = observer.nodesOf(ground.green).length
  check('green has no node', left === 0, left)
}
