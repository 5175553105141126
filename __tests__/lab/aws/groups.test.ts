import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { blueGroup, greenGroup, ids, type Shop, shop, states } from './shop.ts'

const size = ({ aws }: Shop, name: string) => aws.world.group(name).instances.length
const activities = async ({ aws }: Shop, AutoScalingGroupName: string) =>
  (await aws.autoScaling.describeScalingActivities({ AutoScalingGroupName })).Activities ?? []
const zonesOf = ({ aws }: Shop, name: string) => {
  const held: Record<string, number> = {}
  for (const { zone } of aws.world.group(name).instances) held[zone] = (held[zone] ?? 0) + 1
  return held
}
const grow = (world: Shop, MaxSize: number, DesiredCapacity = MaxSize) =>
  world.aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: greenGroup, MaxSize, DesiredCapacity })

describe('a group that grows', () => {
  it('is pending first, then in service, spread over its zones, from the current version', async () => {
    const world = await shop({ extras: { behavior: { launchAfterMs: 5000 } } })
    assert.deepEqual(new Set(states(world.aws, blueGroup)), new Set(['Pending']))
    const [first] = await activities(world, blueGroup)
    assert.equal(first?.StatusCode, 'InProgress')
    await world.pass(5000)
    assert.deepEqual(new Set(states(world.aws, blueGroup)), new Set(['InService']))
    assert.deepEqual(zonesOf(world, blueGroup), { 'eu-west-1a': 2, 'eu-west-1b': 2, 'eu-west-1c': 2 })
    const [done] = await activities(world, blueGroup)
    assert.equal(done?.StatusCode, 'Successful')
    assert.match(done?.Cause ?? '', /increasing the capacity from \d to \d/)
    assert.equal(world.aws.world.group(blueGroup).instances[0]?.launchTemplate?.Version, '1')
  })

  it('tells listeners when an instance is launched, in service, terminating and terminated', async () => {
    const world = await shop()
    const heard: string[] = []
    const note = (what: string) => () => void heard.push(what)
    world.aws.listen({
      onLaunched: note('launched'),
      onInService: note('serves'),
      onTerminating: note('leaves'),
      onTerminated: note('gone')
    })
    await grow(world, 1)
    await world.pass(1)
    await world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: greenGroup, DesiredCapacity: 0 })
    await world.pass(1)
    assert.deepEqual(heard, ['launched', 'serves', 'leaves', 'gone'])
  })

  it('has a failed activity with the words of AWS when nothing can be launched, and tries again', async () => {
    const message = 'Could not launch On-Demand Instances. InsufficientInstanceCapacity - We currently do not have …'
    const world = await shop()
    world.aws.world.behave(greenGroup, { launchFails: message, retryLaunchAfterMs: 10_000 })
    await grow(world, 2)
    await world.pass(25_000)
    assert.equal(size(world, greenGroup), 0)
    const failed = await activities(world, greenGroup)
    assert.ok(failed.length >= 6 && failed.every(({ StatusCode }) => StatusCode === 'Failed'))
    assert.equal(failed[0]?.StatusMessage, message)
    world.aws.world.behave(greenGroup, { launchFails: undefined })
    await world.pass(10_000)
    assert.deepEqual(states(world.aws, greenGroup), ['InService', 'InService'])
  })

  it('uses its other zones if one fails, and restores the balance when it works again', async () => {
    const world = await shop()
    const { autoScaling } = world.aws
    const tag = (name: string, Value: string) => ({
      ResourceId: greenGroup,
      ResourceType: 'auto-scaling-group',
      Key: `simulated/${name}`,
      Value,
      PropagateAtLaunch: false
    })
    await autoScaling.createOrUpdateTags({ Tags: [tag('launch-fails', 'no'), tag('launch-fails-in', 'eu-west-1b')] })
    await grow(world, 6)
    await world.pass(1)
    assert.deepEqual(zonesOf(world, greenGroup), { 'eu-west-1a': 3, 'eu-west-1c': 3 })
    await autoScaling.deleteTags({ Tags: [tag('launch-fails', ''), tag('launch-fails-in', '')] })
    await world.pass(60_000)
    assert.deepEqual(zonesOf(world, greenGroup), { 'eu-west-1a': 2, 'eu-west-1b': 2, 'eu-west-1c': 2 })
  })

  it('does not rebalance while AZRebalance is suspended, or if all are protected', async () => {
    for (const protectedOnes of [false, true]) {
      const world = await shop({ green: { NewInstancesProtectedFromScaleIn: protectedOnes } })
      const { autoScaling } = world.aws
      world.aws.world.behave(greenGroup, { launchFails: 'no', launchFailsIn: 'eu-west-1b' })
      await grow(world, 6)
      if (!protectedOnes) {
        await autoScaling.suspendProcesses({ AutoScalingGroupName: greenGroup, ScalingProcesses: ['AZRebalance'] })
      }
      world.aws.world.behave(greenGroup, { launchFails: undefined })
      await world.pass(60_000)
      assert.deepEqual(zonesOf(world, greenGroup), { 'eu-west-1a': 3, 'eu-west-1c': 3 })
      await autoScaling.resumeProcesses({ AutoScalingGroupName: greenGroup, ScalingProcesses: ['AZRebalance'] })
      await world.pass(60_000)
      assert.equal(zonesOf(world, greenGroup)['eu-west-1b'], protectedOnes ? undefined : 2)
    }
  })

  it('cannot launch an image that does not exist, or one for another architecture', async () => {
    const world = await shop()
    const line = world.aws.account.templates.get(world.templateId)
    assert.ok(line)
    world.aws.addImage('ami-arm', { Architecture: 'arm64' })
    world.aws.addLaunchTemplateVersion(line, { ImageId: 'ami-arm', InstanceType: 'm7i.large' })
    world.aws.world.group(greenGroup).launchTemplate = { LaunchTemplateId: line.id, Version: '$Latest' }
    await grow(world, 1)
    assert.match((await activities(world, greenGroup))[0]?.StatusMessage ?? '', /InvalidParameterCombination.*arm64/)
    world.aws.account.images.delete('ami-arm')
    await world.pass(20_000)
    assert.match((await activities(world, greenGroup))[0]?.StatusMessage ?? '', /InvalidAMIID.NotFound/)
  })

  it('notices an instance that dies before it is in service, with the words of EC2', async () => {
    const world = await shop()
    const message = 'Client.InternalError: Client error on launch'
    world.aws.world.behave(greenGroup, { diesAtLaunch: message, launchAfterMs: 1000 })
    await grow(world, 1)
    const [id = ''] = ids(world.aws, greenGroup)
    await world.pass(2000)
    assert.ok(!ids(world.aws, greenGroup).includes(id))
    const failed = (await activities(world, greenGroup)).find(({ StatusCode }) => StatusCode === 'Failed')
    assert.equal(failed?.StatusMessage, message)
    const { Reservations } = await world.aws.ec2.describeInstances({ InstanceIds: [id] })
    assert.equal(Reservations?.[0]?.Instances?.[0]?.StateReason?.Code, 'Client.InternalError')
  })
})

describe('sizes', () => {
  it('keep to their bounds, in the words of AWS', async () => {
    const { aws } = await shop({ blue: { MinSize: 3 } })
    const set = (DesiredCapacity: number) =>
      aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity })
    await assert.rejects(set(2), {
      name: 'ValidationError',
      message: /value 2 is below min value 3 for the AutoScalingGroup/
    })
    await assert.rejects(set(10), { name: 'ValidationError', message: /value 10 is above max value 9 for the/ })
    const update = (input: object) =>
      aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: blueGroup, ...input })
    await assert.rejects(update({ DesiredCapacity: 2 }), {
      message: /Desired capacity:2 must be between .* size:3 and max size:9/
    })
    await assert.rejects(update({ MinSize: 10 }), {
      message: /Max bound, 9, must be greater than or equal to min bound, 10/
    })
    await assert.rejects(aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: 'x', DesiredCapacity: 0 }), {
      message: 'AutoScalingGroup name not found - null'
    })
  })

  it('move Desired when a new bound leaves it outside', async () => {
    const { aws } = await shop()
    const blue = aws.world.group(blueGroup)
    await aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: blueGroup, MinSize: 8 })
    assert.equal(blue.desired, 8)
    await aws.autoScaling.updateAutoScalingGroup({ AutoScalingGroupName: blueGroup, MinSize: 0, MaxSize: 4 })
    assert.equal(blue.desired, 4)
  })

  it('may not be set while an activity is in progress, if the group simulates that', async () => {
    const world = await shop({ extras: { behavior: { launchAfterMs: 5000, busyWhileScaling: true } } })
    const set = () => world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 5 })
    await assert.rejects(set(), { name: 'ScalingActivityInProgressFault' })
    await world.pass(5000)
    await set()
  })
})

describe('protection', () => {
  it('cannot be given to an instance that is not in service yet', async () => {
    const { aws } = await shop({ extras: { behavior: { launchAfterMs: 5000 } } })
    const input = { AutoScalingGroupName: blueGroup, InstanceIds: ids(aws, blueGroup), ProtectedFromScaleIn: true }
    await assert.rejects(aws.autoScaling.setInstanceProtection(input), {
      name: 'ValidationError',
      message: /is not in InService or EnteringStandby or Standby/
    })
  })
})

describe('a group that shrinks', () => {
  it('never terminates a protected instance; if all are protected, an activity says so and Desired stays lowered', async () => {
    const world = await shop()
    const { autoScaling } = world.aws
    const [kept = '', ...others] = ids(world.aws, blueGroup)
    const protect = (InstanceIds: string[], ProtectedFromScaleIn: boolean) =>
      autoScaling.setInstanceProtection({ AutoScalingGroupName: blueGroup, InstanceIds, ProtectedFromScaleIn })
    await protect([kept, ...others], true)
    await autoScaling.updateAutoScalingGroup({
      AutoScalingGroupName: blueGroup,
      MinSize: 0,
      MaxSize: 0,
      DesiredCapacity: 0
    })
    await world.pass(60_000)
    assert.equal(size(world, blueGroup), 6)
    const said = (await activities(world, blueGroup)).filter(({ StatusCode }) => StatusCode === 'Cancelled')
    assert.deepEqual(
      said.map(({ StatusMessage }) => StatusMessage),
      ['Could not scale to desired capacity because all remaining instances are protected from scale-in.']
    )
    // Whoever lifts protection while Desired is lower loses instances at once.
    await protect(others, false)
    await world.pass(1)
    assert.deepEqual(ids(world.aws, blueGroup), [kept])
  })

  it('terminates in the zone that has the most', async () => {
    const world = await shop({ green: { AutoScalingGroupName: greenGroup } })
    await grow(world, 4)
    await world.pass(1)
    await world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: greenGroup, DesiredCapacity: 3 })
    await world.pass(1)
    assert.deepEqual(zonesOf(world, greenGroup), { 'eu-west-1a': 1, 'eu-west-1b': 1, 'eu-west-1c': 1 })
  })

  it('does not shrink while Terminate is suspended, nor grow while Launch is', async () => {
    const world = await shop()
    const { autoScaling } = world.aws
    await autoScaling.suspendProcesses({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['Terminate', 'Launch'] })
    await autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 2 })
    await world.pass(60_000)
    assert.equal(size(world, blueGroup), 6)
    await autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 8 })
    await world.pass(60_000)
    assert.equal(size(world, blueGroup), 6)
    await autoScaling.resumeProcesses({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['Launch'] })
    await world.pass(1)
    assert.equal(size(world, blueGroup), 8)
  })
})

describe('an instance terminated by id', () => {
  const terminate = ({ aws }: Shop, InstanceIds: string[], ShouldDecrementDesiredCapacity: boolean) =>
    aws.autoScaling.terminateInstanceInAutoScalingGroup({
      AutoScalingGroupName: blueGroup,
      InstanceIds,
      ShouldDecrementDesiredCapacity
    })

  it('is terminated although it is protected, and is replaced unless Desired is decremented', async () => {
    const world = await shop({ blue: { NewInstancesProtectedFromScaleIn: true } })
    const [first = '', second = ''] = ids(world.aws, blueGroup)
    await terminate(world, [first], false)
    await world.pass(1)
    assert.equal(size(world, blueGroup), 6)
    assert.ok(!ids(world.aws, blueGroup).includes(first))
    await terminate(world, [second], true)
    await world.pass(1)
    assert.equal(size(world, blueGroup), 5)
  })

  it('is not replaced if Desired is zero already', async () => {
    const world = await shop({
      blue: { NewInstancesProtectedFromScaleIn: true },
      extras: { behavior: { terminateAfterMs: 5000 } }
    })
    await world.aws.autoScaling.updateAutoScalingGroup({
      AutoScalingGroupName: blueGroup,
      MinSize: 0,
      MaxSize: 0,
      DesiredCapacity: 0
    })
    const { Activities } = await terminate(world, ids(world.aws, blueGroup), false)
    assert.equal(Activities?.length, 6)
    assert.deepEqual(new Set(states(world.aws, blueGroup)), new Set(['Terminating']))
    await world.pass(5000)
    assert.equal(size(world, blueGroup), 0)
  })

  it('may not take the group below Min, and must belong to the group', async () => {
    const world = await shop({ blue: { MinSize: 6 } })
    await assert.rejects(terminate(world, ids(world.aws, blueGroup).slice(0, 1), true), {
      message: /desiredSize equals minSize \(6\)/
    })
    await assert.rejects(terminate(world, ['i-0000'], false), {
      name: 'ValidationError',
      message: /No managed instance found/
    })
    assert.equal(world.aws.world.group(blueGroup).desired, 6)
  })
})

describe('changes without a call', () => {
  it('replaces an unhealthy instance, protected or not, unless ReplaceUnhealthy is suspended', async () => {
    const world = await shop({ blue: { NewInstancesProtectedFromScaleIn: true } })
    const { autoScaling } = world.aws
    const [first = ''] = ids(world.aws, blueGroup)
    await autoScaling.suspendProcesses({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['ReplaceUnhealthy'] })
    await autoScaling.setInstanceHealth({ InstanceId: first, HealthStatus: 'Unhealthy' })
    await world.pass(60_000)
    assert.ok(ids(world.aws, blueGroup).includes(first))
    await autoScaling.resumeProcesses({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['ReplaceUnhealthy'] })
    await world.pass(1)
    assert.ok(!ids(world.aws, blueGroup).includes(first))
    assert.equal(size(world, blueGroup), 6)
  })

  it('does not notice a lost machine while HealthCheck is suspended, and notices it afterwards', async () => {
    const world = await shop()
    const { autoScaling } = world.aws
    const [first = ''] = ids(world.aws, blueGroup)
    await autoScaling.suspendProcesses({ AutoScalingGroupName: blueGroup, ScalingProcesses: ['HealthCheck'] })
    world.aws.world.lose(first)
    await world.pass(1)
    assert.equal(world.aws.world.instance(first)?.health, 'Healthy')
    await autoScaling.resumeProcesses({ AutoScalingGroupName: blueGroup })
    await world.pass(1)
    assert.ok(!ids(world.aws, blueGroup).includes(first))
  })

  it('lets a schedule and an alarm act within the bounds, unless they are suspended', async () => {
    const at = new Date(Date.UTC(2026, 0, 5, 10))
    const world = await shop({
      extras: {
        scheduledActions: [{ ScheduledActionName: 'ten', DesiredCapacity: 7, StartTime: at }],
        policies: [{ PolicyName: 'more', AdjustmentType: 'ChangeInCapacity', ScalingAdjustment: 50 }]
      }
    })
    const { autoScaling } = world.aws
    const blue = world.aws.world.group(blueGroup)
    await world.pass(3_600_000)
    assert.equal(blue.desired, 7)
    const quiet = { AutoScalingGroupName: blueGroup, ScalingProcesses: ['ScheduledActions', 'AlarmNotification'] }
    await autoScaling.suspendProcesses(quiet)
    await autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 6 })
    world.aws.world.strike(blueGroup, 'ten')
    world.aws.world.alarm(blueGroup, 'more')
    assert.equal(blue.desired, 6)
    await autoScaling.resumeProcesses(quiet)
    world.aws.world.alarm(blueGroup, 'more')
    assert.equal(blue.desired, 9)
  })
})

describe('lifecycle hooks', () => {
  const hook = (kind: 'LAUNCHING' | 'TERMINATING') => ({
    LifecycleHookName: kind.toLowerCase(),
    LifecycleTransition: `autoscaling:EC2_INSTANCE_${kind}`,
    HeartbeatTimeout: 60
  })

  it('hold a new instance until they are answered, and abandon it if they are not', async () => {
    const world = await shop({ blue: { DesiredCapacity: 1 }, extras: { hooks: [hook('LAUNCHING')] } })
    assert.deepEqual(states(world.aws, blueGroup), ['Pending:Wait'])
    const [id = ''] = ids(world.aws, blueGroup)
    await world.pass(60_000)
    assert.notDeepEqual(ids(world.aws, blueGroup), [id])
    const given = (await activities(world, blueGroup)).find(({ StatusCode }) => StatusCode === 'Cancelled')
    assert.match(given?.StatusMessage ?? '', /failed to complete user's Lifecycle Action.*Heartbeat Timeout/)
    await world.pass(1)
    const answer = {
      AutoScalingGroupName: blueGroup,
      LifecycleHookName: 'launching',
      InstanceId: ids(world.aws, blueGroup)[0]
    }
    await world.aws.autoScaling.completeLifecycleAction({ ...answer, LifecycleActionResult: 'CONTINUE' })
    assert.deepEqual(states(world.aws, blueGroup), ['InService'])
  })

  it('hold a leaving instance, and retain it if an abandoned hook says so, until it is terminated by id', async () => {
    const other = { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: 'retain' as const } } }
    const world = await shop({ blue: { DesiredCapacity: 1 }, extras: { hooks: [hook('TERMINATING')], other } })
    const [InstanceId = ''] = ids(world.aws, blueGroup)
    await world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 0 })
    await world.pass(1)
    assert.deepEqual(states(world.aws, blueGroup), ['Terminating:Wait'])
    await world.pass(60_000)
    assert.deepEqual(states(world.aws, blueGroup), ['Terminating:Retained'])
    await world.aws.autoScaling.terminateInstanceInAutoScalingGroup({
      InstanceId,
      ShouldDecrementDesiredCapacity: false
    })
    await world.pass(1)
    assert.equal(size(world, blueGroup), 0)
  })

  it('do not count an instance in standby', async () => {
    const world = await shop()
    const [id = ''] = ids(world.aws, blueGroup)
    const query = { AutoScalingGroupName: blueGroup, InstanceIds: [id] }
    await world.aws.autoScaling.enterStandby({ ...query, ShouldDecrementDesiredCapacity: false })
    await world.pass(1)
    assert.equal(states(world.aws, blueGroup).filter((state) => state === 'InService').length, 6)
    assert.equal(states(world.aws, blueGroup).filter((state) => state === 'Standby').length, 1)
    await world.aws.autoScaling.exitStandby(query)
    assert.equal(world.aws.world.group(blueGroup).desired, 7)
  })
})

describe('tags', () => {
  const tag = (Key: string, Value = '') => ({ ResourceId: greenGroup, ResourceType: 'auto-scaling-group', Key, Value })

  it('are at most 25 per call and 50 per group, and overwrite without an error', async () => {
    const { aws } = await shop()
    const many = (from: number, count: number) => Array.from({ length: count }, (_, index) => tag(`k${from + index}`))
    const put = (Tags: ReturnType<typeof tag>[]) => aws.autoScaling.createOrUpdateTags({ Tags })
    await assert.rejects(put(many(0, 26)), { name: 'ValidationError' })
    await put(many(0, 25))
    await put(many(25, 22))
    await assert.rejects(put(many(47, 1)), { name: 'LimitExceededFault' })
    await put([tag('k0', 'again')])
    assert.equal(aws.world.group(greenGroup).tags.get('k0')?.value, 'again')
    await assert.rejects(put([tag('aws:x')]), { name: 'ValidationError' })
  })
})

describe('the same seed', () => {
  it('gives the same account, name for name', async () => {
    const play = async (seed: number) => {
      const world = await shop({ account: { seed } })
      await world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 3 })
      await world.pass(1000)
      return { ids: ids(world.aws, blueGroup), activities: await activities(world, blueGroup), calls: world.aws.calls }
    }
    const first = await play(7)
    assert.deepEqual(first, await play(7))
    assert.notDeepEqual(first.ids, (await play(8)).ids)
    assert.match(first.ids[0] ?? '', /^i-[0-9a-f]{17}$/)
    assert.deepEqual(first.calls[0], { service: 'autoscaling', action: 'SetDesiredCapacity', at: first.calls[0]?.at })
  })
})

describe('faults', () => {
  it('apply to a number of calls after a number of others, and a lost reply does not undo the call', async () => {
    const world = await shop()
    const set = (DesiredCapacity: number) =>
      world.aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity })
    world.aws.faults.add({ kind: 'lose-reply', action: 'SetDesiredCapacity', after: 1, times: 1 })
    await set(7)
    await assert.rejects(set(8), { name: 'TimeoutError', code: 'ECONNRESET' })
    assert.equal(world.aws.world.group(blueGroup).desired, 8)
    await set(9)
    assert.deepEqual(
      world.aws.calls.map(({ fault, error }) => fault ?? error),
      [undefined, 'lose-reply', undefined]
    )
  })

  it('let a stale describe repeat its last answer', async () => {
    const { aws } = await shop()
    const desired = async () =>
      (await aws.autoScaling.describeAutoScalingGroups({})).AutoScalingGroups?.[0]?.DesiredCapacity
    assert.equal(await desired(), 6)
    await aws.autoScaling.setDesiredCapacity({ AutoScalingGroupName: blueGroup, DesiredCapacity: 7 })
    aws.faults.add({ kind: 'stale', action: 'DescribeAutoScalingGroups' })
    assert.equal(await desired(), 6)
    assert.equal(await desired(), 7)
  })

  it('delay a call on the clock of the lab', async () => {
    const world = await shop()
    world.aws.faults.add({ kind: 'delay', seconds: 30 })
    const began = world.clock.now()
    await world.clock.run(world.aws.autoScaling.describeAutoScalingGroups({}))
    assert.equal(world.clock.now() - began, 30_000)
  })
})
