import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultSettings } from '../../../src/engine/model/settings.ts'
import { virtualClock } from '../../../src/lab/clock.ts'
import { createLab } from '../../../src/lab/joined/lab.ts'
import { deployment } from '../../../src/lab/joined/workloads.ts'
import type { WorldDescription } from '../../../src/lab/joined/world.ts'
import { isTrue } from '../../../src/lab/kubernetes/object.ts'
import type { CallFault } from '../../../src/lab/ports/call-gate.ts'
import { labPorts } from '../../../src/lab/ports/ports.ts'

const blue = 'shop-workers-blue'
const green = 'shop-workers-green'
const settings = { ...defaultSettings, cluster: 'shop' }

async function ground(world: Partial<WorldDescription> = {}) {
  const clock = virtualClock()
  const lab = createLab({ clock, world: { objects: [deployment('web', 3)], nodeGroups: [{ nodes: 3 }], ...world } })
  await clock.run(lab.settled())
  const grow = (desired: number) =>
    clock.run(
      lab.aws.autoScaling.updateAutoScalingGroup({
        AutoScalingGroupName: green,
        MaxSize: desired,
        DesiredCapacity: desired
      })
    )
  return { clock, lab, grow, pass: (ms: number) => clock.run(clock.sleep(ms)) }
}

test('an instance in service becomes a node after its time, and no sooner', async () => {
  const { lab, grow, pass } = await ground({ nodeGroups: [{ nodes: 3, launchAfterMs: 20_000, joinAfterMs: 15_000 }] })
  await grow(1)
  await pass(34_000)
  assert.equal(lab.nodesOf(green).length, 0)
  await pass(2_000)
  const [node] = lab.nodesOf(green)
  assert.ok(node && isTrue(node, 'Ready'))
  assert.match(node.spec.providerID, /^aws:\/\/\/eu-west-1[abc]\/i-0[0-9a-f]{16}$/)
})

test('tags of a group say what its nodes are like', async () => {
  const template = 'k8s.io/cluster-autoscaler/node-template'
  const tags = { [`${template}/label/disk`]: 'fast', [`${template}/taint/gpu`]: 'yes:NoSchedule', 'simulated/cpu': '8' }
  const { lab, grow, pass } = await ground({ nodeGroups: [{ nodes: 3, green: { tags } }] })
  await grow(1)
  await pass(60_000)
  const [node] = lab.nodesOf(green)
  assert.equal(node?.metadata.labels?.disk, 'fast')
  assert.deepEqual(node?.spec.taints, [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }])
  assert.equal(node?.status.capacity.cpu, '8')
})

test('a node goes with its instance', async () => {
  const { lab, grow, pass } = await ground()
  await grow(1)
  await pass(60_000)
  assert.equal(lab.nodesOf(green).length, 1)
  lab.aws.world.group(green).minSize = 0
  await grow(0)
  await pass(60_000)
  assert.equal(lab.cluster.list('Node').length, 3)
})

test('ports see in the engine’s words what the lab holds in raw ones', async () => {
  const { lab, clock } = await ground()
  const { ports, process } = labPorts(lab, { settings })
  const [groups] = await clock.run(Promise.all([ports.nodeGroups.find(), ports.cluster.open()]))
  assert.deepEqual(groups.map(({ name }) => name).sort(), [blue, green])
  const { nodes, pods } = ports.cluster.view()
  assert.equal(nodes.length, 3)
  assert.equal(pods.filter(({ ready }) => ready).length, 3)
  assert.ok(process.calls.every(({ writes }) => !writes))
  await ports.cluster.close()
})

test('a feed that lags shows what was so that long ago', async () => {
  const { lab, clock, pass } = await ground()
  const { ports } = labPorts(lab, { settings, feedLagMs: 5_000 })
  await clock.run(ports.cluster.open())
  const [node] = lab.nodesOf(blue)
  lab.cluster.patch('Node', undefined, node?.metadata.name ?? '', { spec: { unschedulable: true } }, 'merge')
  await pass(4_900)
  assert.equal(ports.cluster.view().nodes.filter(({ schedulable }) => !schedulable).length, 0)
  await pass(200)
  assert.equal(ports.cluster.view().nodes.filter(({ schedulable }) => !schedulable).length, 1)
})

test('a Lease that somebody else has written meanwhile is not overwritten', async () => {
  const { lab, clock } = await ground()
  const { ports } = labPorts(lab, { settings })
  const lease = { holder: 'a', holderDetails: '', acquiredAt: 0, renewedAt: 0, durationSeconds: 30, transitions: 0 }
  const version = await clock.run(ports.leases.write(lease, undefined))
  assert.ok(version)
  assert.ok(await clock.run(ports.leases.write({ ...lease, transitions: 1 }, version)))
  assert.equal(await clock.run(ports.leases.write({ ...lease, holder: 'b' }, version)), undefined)
})

for (const [fault, takesEffect] of [
  [{ kind: 'lose-reply' }, true],
  [{ kind: 'lose-request' }, false],
  [{ kind: 'kill', when: 'after' }, true],
  [{ kind: 'kill', when: 'before' }, false]
] as [CallFault, boolean][]) {
  const what = `${fault.kind}${fault.kind === 'kill' ? ` ${fault.when}` : ''}`
  test(`a call that meets ${what} ${takesEffect ? 'has' : 'has not'} taken effect, and nobody is told`, async () => {
    const { lab, clock, pass } = await ground()
    const { ports, process } = labPorts(lab, { settings, meet: (call) => (call.writes ? fault : undefined) })
    let told = ''
    ports.nodeGroups.suspend(green, ['AZRebalance']).then(
      () => (told = 'done'),
      (error: Error) => (told = error.message)
    )
    await pass(1_000)
    assert.equal(lab.aws.world.group(green).suspended.has('AZRebalance'), takesEffect)
    assert.equal(process.alive(), fault.kind !== 'kill')
    if (fault.kind === 'kill') assert.equal(told, '')
    else assert.match(told, /ECONNRESET/)
    assert.equal(clock.now() > 0, true)
  })
}
