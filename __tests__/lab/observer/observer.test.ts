import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type VirtualClock, virtualClock } from '../../../src/lab/clock.ts'
import { createLab, type Lab } from '../../../src/lab/joined/lab.ts'
import { budget, deployment } from '../../../src/lab/joined/workloads.ts'
import type { Raw } from '../../../src/lab/kubernetes/object.ts'
import type { Invariant } from '../../../src/lab/observer/invariants.ts'
import { type Observer, observeLab } from '../../../src/lab/observer/observer.ts'
import type { PortCall } from '../../../src/lab/ports/call-gate.ts'

const blue = 'shop-workers-blue'
const green = 'shop-workers-green'

interface Bench {
  lab: Lab
  clock: VirtualClock
  observer: Observer
  /** Lets the lab's time pass. */
  pass(ms: number): Promise<void>
  aws(name: string, input: object): void
  kubernetes(method: string, path: string, input?: object): void
  /** Writes a record of a run that goes this way, and takes the Lease. */
  begin(direction?: string): void
}

/** Three old nodes with four pods of `web`, whose budget wants three; no engine anywhere. */
async function bench(): Promise<Bench> {
  const clock = virtualClock()
  const objects = [deployment('web', 4), budget('web', { minAvailable: 3 })]
  const lab = createLab({ clock, world: { objects, nodeGroups: [{ nodes: 3 }], foreignNodes: 1 } })
  await clock.run(lab.settled())
  const observer = observeLab(lab)
  const sees = (call: Pick<PortCall, 'service' | 'name' | 'input' | 'method' | 'path'>) =>
    observer.sees({ index: 0, host: 'rogue', writes: true, at: clock.now(), ...call }, 'before', false)
  return {
    lab,
    clock,
    observer,
    pass: (ms) => clock.run(clock.sleep(ms)),
    aws: (name, input) => sees({ service: 'aws', name, input }),
    kubernetes(method, path, input = {}) {
      const name = `${method} ${/pods\/[^/]+\/eviction$/.test(path) ? 'pods/eviction' : (path.split('/').at(-2) ?? '')}`
      sees({ service: 'kubernetes', name, input, method, path })
    },
    begin(direction = 'forward') {
      const run = { id: 'r1', direction, outgoing: { name: blue }, incoming: { name: green } }
      const text = JSON.stringify({ version: 1, group: 'workers', run })
      const metadata = { name: 'eks-node-upgrade', namespace: 'kube-system' }
      lab.cluster.apply([{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { workers: text } }])
      const renewTime = `${new Date(clock.now()).toISOString().slice(0, -1)}000Z`
      const spec = { holderIdentity: 'rogue 1', leaseDurationSeconds: 3600, renewTime, acquireTime: renewTime }
      if (!lab.cluster.find('Lease', 'kube-system', 'eks-node-upgrade'))
        lab.cluster.create({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec })
    }
  }
}

const pods = ({ lab }: Bench) => lab.cluster.list('Pod', 'shop')
const nodes = ({ lab }: Bench, group = blue) => lab.nodesOf(group)
const found = ({ observer }: Bench): readonly Invariant[] => observer.violations.map(({ invariant }) => invariant)
const cordon = ({ lab }: Bench, name: string, mark: Raw = {}) =>
  lab.cluster.patch(
    'Node',
    undefined,
    name,
    { metadata: { annotations: mark }, spec: { unschedulable: true } },
    'merge'
  )
const eviction = (bench: Bench, pod: Raw, uid = pod.metadata.uid) =>
  bench.kubernetes('POST', `/api/v1/namespaces/shop/pods/${pod.metadata.name}/eviction`, {
    deleteOptions: { preconditions: { uid } }
  })

const crimes: Record<string, { invariant: Invariant; commit(bench: Bench): void | Promise<void> }> = {
  'a pod that is ready is deleted': {
    invariant: 'I1',
    commit(bench) {
      bench.begin('reverting')
      const [pod] = pods(bench)
      const { name, uid, resourceVersion } = pod?.metadata ?? {}
      bench.kubernetes('DELETE', `/api/v1/namespaces/shop/pods/${name}`, { preconditions: { uid, resourceVersion } })
    }
  },
  'instances are terminated below the pods of a budget': {
    invariant: 'I1',
    async commit(bench) {
      bench.begin('retiring')
      const ids = bench.lab.aws.world
        .group(blue)
        .instances.slice(0, 2)
        .map(({ id }) => id)
      bench.aws('TerminateInstanceInAutoScalingGroup', { AutoScalingGroupName: blue, InstanceIds: ids })
      for (const id of ids) bench.lab.cluster.removeNode(bench.lab.nodeOf(id) ?? '')
      await bench.pass(120_000)
    }
  },
  'a pod is evicted while a gate is known to be bad': {
    invariant: 'I28',
    async commit(bench) {
      bench.begin()
      const { lab, observer, clock } = bench
      lab.gates.say('alarm:errors', 'bad')
      const call = { index: 0, host: 'rogue', writes: false, at: clock.now(), name: 'AskGate', input: 'alarm:errors' }
      observer.sees({ ...call, service: 'gate' }, 'after', false)
      await bench.pass(3_000)
      const [pod] = pods(bench)
      cordon(bench, pod?.spec.nodeName, { 'eks-node-upgrade/cordoned-by': 'r1' })
      eviction(bench, pods(bench)[0])
    }
  },
  'an eviction does not name the UID': {
    invariant: 'I2',
    commit(bench) {
      bench.begin()
      eviction(bench, pods(bench)[0], '')
    }
  },
  'a pod on an open node is evicted': {
    invariant: 'I2',
    commit(bench) {
      bench.begin()
      eviction(bench, pods(bench)[0])
    }
  },
  'all pods of a workload go at once': {
    invariant: 'I3',
    async commit(bench) {
      for (const { metadata } of pods(bench)) bench.lab.cluster.remove('Pod', 'shop', metadata.name)
      await bench.pass(10_000)
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'Min of the outgoing group is lowered before retiring': {
    invariant: 'I4',
    commit(bench) {
      bench.begin()
      bench.aws('UpdateAutoScalingGroup', { AutoScalingGroupName: blue, MinSize: 1 })
    }
  },
  'retiring begins while pods are on the outgoing group': {
    invariant: 'I5',
    commit: (bench) => bench.begin('retiring')
  },
  'Desired is lowered while an instance may be chosen': {
    invariant: 'I6',
    commit(bench) {
      bench.begin('retiring')
      bench.aws('UpdateAutoScalingGroup', { AutoScalingGroupName: blue, DesiredCapacity: 0 })
    }
  },
  'Auto Scaling chooses an instance': {
    invariant: 'I6',
    async commit(bench) {
      bench.begin()
      bench.lab.aws.world.group(blue).minSize = 0
      const lower = { AutoScalingGroupName: blue, DesiredCapacity: 2, MinSize: 0 }
      await bench.clock.run(bench.lab.aws.autoScaling.updateAutoScalingGroup(lower))
      await bench.pass(1_000)
    }
  },
  'a node is terminated with pods on it': {
    invariant: 'I6',
    commit(bench) {
      bench.begin('retiring')
      const id = bench.lab.aws.world.group(blue).instances.find(({ id }) => {
        const name = bench.lab.nodeOf(id)
        return pods(bench).some((pod) => pod.spec.nodeName === name)
      })?.id
      bench.aws('TerminateInstanceInAutoScalingGroup', { AutoScalingGroupName: blue, InstanceIds: [id] })
    }
  },
  'it says upgraded and nothing has moved': {
    invariant: 'I7',
    commit: (bench) => bench.observer.ended({ outcome: 'upgraded' })
  },
  'a mark is left on a node': {
    invariant: 'I8',
    commit(bench) {
      cordon(bench, nodes(bench)[0]?.metadata.name ?? '', { 'eks-node-upgrade/cordoned-by': 'r1' })
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'a tag is left on a group': {
    invariant: 'I8',
    commit(bench) {
      bench.lab.aws.world.group(green).tags.set('eks-node-upgrade/run', { value: 'r1', propagates: false })
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'a cordon of somebody else is opened': {
    invariant: 'I9',
    commit(bench) {
      bench.begin()
      const name = nodes(bench)[0]?.metadata.name ?? ''
      const { metadata } = cordon(bench, name)
      const patch = { metadata: { resourceVersion: metadata.resourceVersion }, spec: { unschedulable: null } }
      bench.kubernetes('PATCH', `/api/v1/nodes/${name}`, patch)
    }
  },
  'a node of nobody we know stays cordoned': {
    invariant: 'I9',
    commit(bench) {
      cordon(bench, 'foreign-0')
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'a version of a template that no run writes is removed': {
    invariant: 'I9',
    commit(bench) {
      bench.begin()
      const [id = ''] = bench.lab.aws.account.templates.keys()
      bench.aws('DeleteLaunchTemplateVersions', { LaunchTemplateId: id, Versions: ['2'] })
    }
  },
  'a template has another version after a revert': {
    invariant: 'I10',
    commit(bench) {
      const [line] = bench.lab.aws.account.templates.values()
      if (line) bench.lab.aws.addLaunchTemplateVersion(line, {})
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'a suspension is left behind': {
    invariant: 'I10',
    commit(bench) {
      bench.lab.aws.world.group(blue).suspended.set('AZRebalance', 'us')
      bench.observer.ended({ outcome: 'reverted' })
    }
  },
  'somebody writes without the Lease': {
    invariant: 'I11',
    commit: (bench) => bench.aws('SuspendProcesses', { AutoScalingGroupName: blue, ScalingProcesses: ['AZRebalance'] })
  },
  'something is changed before there is a record': {
    invariant: 'I13',
    commit: (bench) => bench.aws('SuspendProcesses', { AutoScalingGroupName: blue, ScalingProcesses: ['AZRebalance'] })
  },
  'a pod that has moved is moved again': {
    invariant: 'I14',
    async commit(bench) {
      const grow = { AutoScalingGroupName: green, MaxSize: 3, DesiredCapacity: 3 }
      await bench.clock.run(bench.lab.aws.autoScaling.updateAutoScalingGroup(grow))
      await bench.pass(120_000)
      for (const { metadata } of nodes(bench)) cordon(bench, metadata.name)
      for (const { metadata } of pods(bench)) bench.lab.cluster.remove('Pod', 'shop', metadata.name)
      await bench.pass(10_000)
      bench.begin()
      for (const { metadata } of nodes(bench, green)) cordon(bench, metadata.name)
      eviction(bench, pods(bench)[0])
    }
  },
  'an old node is cordoned before the new ones are there': {
    invariant: 'I18',
    commit(bench) {
      bench.begin()
      const [node] = nodes(bench)
      const { name = '', resourceVersion } = node?.metadata ?? {}
      const patch = { metadata: { resourceVersion }, spec: { unschedulable: true } }
      bench.kubernetes('PATCH', `/api/v1/nodes/${name}`, patch)
    }
  },
  'both sides are cordoned': {
    invariant: 'I23',
    commit(bench) {
      for (const { metadata } of nodes(bench)) cordon(bench, metadata.name, { 'eks-node-upgrade/cordoned-by': 'r1' })
    }
  },
  'a revert turns round': {
    invariant: 'I24',
    commit(bench) {
      bench.begin('reverting')
      bench.begin('forward')
    }
  }
}

for (const [what, { invariant, commit }] of Object.entries(crimes)) {
  test(`${invariant} is seen to be broken when ${what}`, async () => {
    const ground = await bench()
    await commit(ground)
    assert.ok(found(ground).includes(invariant), `found ${found(ground).join(', ') || 'nothing'}`)
  })
}

test('a world in which nothing happens breaks nothing', async () => {
  const ground = await bench()
  await ground.pass(600_000)
  ground.observer.ended({ outcome: 'reverted' })
  assert.deepEqual(ground.observer.violations, [])
})

test('every moment in which a workload had no serving pod is counted with its length', async () => {
  const ground = await bench()
  for (const { metadata } of pods(ground)) ground.lab.cluster.remove('Pod', 'shop', metadata.name)
  await ground.pass(10_000)
  const [gap, ...more] = ground.observer.gaps
  assert.equal(more.length, 0)
  assert.equal(gap?.workload, 'shop/Deployment/web')
  assert.ok(gap?.untilAt !== undefined && gap.untilAt > gap.at)
})
