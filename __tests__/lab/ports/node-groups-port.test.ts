import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UpgradeError } from '../../../src/engine/model/error.ts'
import type { NodeGroups } from '../../../src/engine/model/node-group.ts'
import { createProcess, type PortCall } from '../../../src/lab/ports/call-gate.ts'
import { labNodeGroups } from '../../../src/lab/ports/node-groups-port.ts'
import { blueGroup, ids, shop } from '../aws/shop.ts'

async function ground(instances = 6) {
  const { aws, clock, templateId, pass } = await shop({ blue: { MaxSize: instances, DesiredCapacity: instances } })
  const process = createProcess(clock, 'lab-1')
  const { nodeGroups: groups } = labNodeGroups({
    aws,
    process,
    cluster: 'shop',
    clusterTagKey: 'kubernetes.io/cluster/{cluster}'
  })
  const run = <T>(ask: (groups: NodeGroups) => Promise<T>): Promise<T> => clock.run(ask(groups))
  return { aws, templateId, pass, run, calls: process.calls }
}

const sizesOf = (calls: readonly PortCall[], name: string) =>
  calls.filter((call) => call.name === name).map(({ input }) => (input as { InstanceIds: string[] }).InstanceIds.length)

test('the lab gets the chunks of the real adapter', async () => {
  const { aws, run, calls } = await ground(120)
  const all = ids(aws, blueGroup)
  await run((groups) => groups.protect(blueGroup, all, true))
  await run((groups) => groups.terminate(blueGroup, all))
  assert.deepEqual(sizesOf(calls, 'SetInstanceProtection'), [50, 50, 20])
  assert.deepEqual(sizesOf(calls, 'TerminateInstanceInAutoScalingGroup'), [100, 20])
})

test('an instance that is gone does not keep the others from being terminated', async () => {
  const { aws, pass, run, calls } = await ground()
  const [first = '', second = ''] = ids(aws, blueGroup)
  await run((groups) => groups.terminate(blueGroup, [first]))
  await pass(60_000)
  await run((groups) => groups.terminate(blueGroup, [first, second]))
  await pass(60_000)
  assert.deepEqual(sizesOf(calls, 'TerminateInstanceInAutoScalingGroup'), [1, 2, 1, 1])
  assert.ok(!ids(aws, blueGroup).includes(second))
})

test('a template that does not exist is undefined, and one that may not be read is an error', async () => {
  const { aws, templateId, run } = await ground()
  const ref = { id: templateId, name: '', version: '2' }
  assert.equal((await run((groups) => groups.template(ref)))?.version, 2)
  assert.equal(await run((groups) => groups.template({ ...ref, version: '9' })), undefined)
  assert.equal(await run((groups) => groups.template({ ...ref, id: 'lt-0none' })), undefined)
  aws.faults.add({ kind: 'deny', service: 'ec2' })
  await assert.rejects(
    run((groups) => groups.template(ref)),
    (error: unknown) => error instanceof UpgradeError && error.details.code === 'access-denied'
  )
})

test('a template with user data of Bottlerocket comes with its settings', async () => {
  const { aws, run } = await ground()
  const UserData = Buffer.from('[settings.kubernetes.node-taints]\nteam = ["a:NoSchedule", "b:NoExecute"]').toString(
    'base64'
  )
  const { id } = aws.addLaunchTemplate('bottlerocket', { ImageId: 'ami-03', InstanceType: 'm7i.large', UserData })
  const template = await run((groups) => groups.template({ id, name: '', version: '1' }))
  assert.deepEqual(template?.bottlerocket, { kubernetes: { 'node-taints': { team: ['a:NoSchedule', 'b:NoExecute'] } } })
})

test('a throttled read is repeated on the clock of the lab, and a write is not', async () => {
  const { aws, run, calls } = await ground()
  aws.faults.add({ kind: 'throttle', times: 2 })
  assert.equal((await run((groups) => groups.find())).length, 2)
  assert.equal(calls.length, 3)
  aws.faults.add({ kind: 'throttle' })
  await assert.rejects(
    run((groups) => groups.suspend(blueGroup, ['AZRebalance'])),
    /AWS refused autoscaling:SuspendProcesses: Throttling/
  )
  assert.equal(calls.length, 4)
})
